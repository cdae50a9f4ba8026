/** The sample operations as GraphiQL tabs. README.md says how their files are written. */
import { readSample, type Sample } from './sample'

const ORDER = [
  'accounts',
  'profiles',
  'discovery',
  'scheduling',
  'sessions',
  'rooms',
  'wallet',
  'payments',
  'chat',
  'notifications',
  'reviews',
  'events',
]

const TABS = 'graphiql:tabState'
const QUERY = 'graphiql:query'
const VARIABLES = 'graphiql:variables'
const EDITION = 'skillswap:samples'

const files = import.meta.glob<string>('../operations/*.graphql', { query: '?raw', import: 'default', eager: true })
const samples: Sample[] = Object.entries(files)
  .map(([path, text]) => ({ domain: path.replace(/^.*\/|\.graphql$/g, ''), text }))
  .sort((a, b) => rank(a.domain) - rank(b.domain) || a.domain.localeCompare(b.domain))
  .map(({ domain, text }) => readSample(domain, text))

/** Opens the samples on the first visit and after they changed; otherwise the tabs stay as the visitor left them. */
export function openSamples(): void {
  if (localStorage.getItem(EDITION) !== edition()) restoreSamples()
}

/** Takes effect when the page loads the next time. */
export function restoreSamples(): void {
  const tabs = samples.map(({ title, query, variables }, index) => ({
    id: `sample-${index}`,
    hash: null,
    title,
    query,
    variables,
    headers: null,
    operationName: null,
    response: null,
  }))
  localStorage.setItem(TABS, JSON.stringify({ tabs, activeTabIndex: 0 }))
  localStorage.setItem(QUERY, samples[0]?.query ?? '')
  localStorage.setItem(VARIABLES, samples[0]?.variables ?? '')
  localStorage.setItem(EDITION, edition())
}

function rank(domain: string): number {
  const place = ORDER.indexOf(domain)
  return place === -1 ? ORDER.length : place
}

function edition(): string {
  const text = JSON.stringify(samples)
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash.toString(36)
}
