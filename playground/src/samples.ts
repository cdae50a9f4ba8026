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
  'payouts',
  'chat',
  'notifications',
  'reviews',
  'events',
]

const TABS = 'graphiql:tabState'
const QUERY = 'graphiql:query'
const VARIABLES = 'graphiql:variables'
const EDITION = 'skillswap:samples'

const FILE = `${import.meta.env.BASE_URL}operations.json`

/** Opens the samples on the first visit and after they changed; otherwise the tabs stay as the visitor left them. */
export async function openSamples(): Promise<void> {
  const samples = await fetchSamples()
  if (localStorage.getItem(EDITION) !== edition(samples)) store(samples)
}

/** Takes effect when the page loads the next time. */
export async function restoreSamples(): Promise<void> {
  store(await fetchSamples())
}

async function fetchSamples(): Promise<Sample[]> {
  const response = await fetch(FILE)
  const files = (await response.json()) as { domain: string; text: string }[]
  return files.sort((a, b) => rank(a.domain) - rank(b.domain)).map(({ domain, text }) => readSample(domain, text))
}

function store(samples: Sample[]): void {
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
  localStorage.setItem(EDITION, edition(samples))
}

function rank(domain: string): number {
  const place = ORDER.indexOf(domain)
  return place === -1 ? ORDER.length : place
}

function edition(samples: Sample[]): string {
  const text = JSON.stringify(samples)
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash.toString(36)
}
