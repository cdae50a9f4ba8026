/**
 * Who this browser tab is. The tokens live in sessionStorage, so two tabs can be two people.
 */
import { post, type Request } from './api'

export interface Session {
  accessToken: string
  refreshToken: string
  expiresAt: string
  member: { id: string; name: string }
}

interface SessionPayload {
  session: Session | null
  userErrors: { code: string; message: string }[]
}

type Listener = (now: Session | null, before: Session | null) => void

const STORAGE_KEY = 'skillswap.session'
const RENEW_BEFORE_MS = 60_000
const RENEW_NOT_SOONER_MS = 30_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

const FIELDS = 'session { accessToken refreshToken expiresAt member { id name } } userErrors { code message }'
const LOG_IN = `mutation LogIn($email: String!, $password: String!) { logIn(input: { email: $email, password: $password }) { ${FIELDS} } }`
const REFRESH = `mutation RefreshSession($refreshToken: String!) { refreshSession(input: { refreshToken: $refreshToken }) { ${FIELDS} } }`
const LOG_OUT = 'mutation LogOut { logOut(input: {}) { userErrors { code message } } }'

const listeners = new Set<Listener>()
let session = stored()
let renewal: Promise<Session | null> | null = null
let timer: number | undefined

schedule()

export function current(): Session | null {
  return session
}

export function onChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Throws an error with a text for people if the server refuses. */
export async function signIn(email: string, password: string): Promise<Session> {
  const payload = await run({ query: LOG_IN, variables: { email, password } }, 'logIn')
  if (!payload.session) throw new Error(refusal(payload))
  become(payload.session)
  return payload.session
}

/** Signs out here in any case, and at the server if it can be reached. */
export async function signOut(): Promise<void> {
  const token = session?.accessToken ?? null
  become(null)
  await post({ query: LOG_OUT }, token).catch(() => undefined)
}

/** The token to send now; renewed first if it has run out, for example while the computer slept. */
export async function accessToken(): Promise<string | null> {
  const expired = session !== null && Date.parse(session.expiresAt) <= Date.now()
  return (expired ? await renew() : session)?.accessToken ?? null
}

/**
 * Trades the refresh token for a new session. Callers at the same time share one attempt.
 * A refusal signs out; a server that cannot be reached leaves the session as it is.
 */
export function renew(): Promise<Session | null> {
  renewal ??= attemptRenewal().finally(() => (renewal = null))
  return renewal
}

async function attemptRenewal(): Promise<Session | null> {
  const before = session
  if (!before) return null
  try {
    const { session: renewed } = await run({ query: REFRESH, variables: { refreshToken: before.refreshToken } }, 'refreshSession')
    if (session === before) become(renewed)
  } catch {
    schedule()
  }
  return session
}

async function run(request: Request, field: string): Promise<SessionPayload> {
  const { data, errors } = await post(request, null)
  const payload = data?.[field] as SessionPayload | null | undefined
  if (!payload) throw new Error(errors?.[0]?.message ?? 'The server gave no answer.')
  return payload
}

function refusal({ userErrors }: SessionPayload): string {
  return userErrors.map((error) => error.message).join(' ') || 'The server refused without a reason.'
}

function become(next: Session | null): void {
  const before = session
  session = next
  if (next) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(next))
  else sessionStorage.removeItem(STORAGE_KEY)
  schedule()
  for (const listener of listeners) listener(next, before)
}

function schedule(): void {
  clearTimeout(timer)
  if (!session) return
  const due = Date.parse(session.expiresAt) - Date.now() - RENEW_BEFORE_MS
  timer = window.setTimeout(renew, Math.min(Math.max(due, RENEW_NOT_SOONER_MS), LONGEST_TIMER_MS))
}

function stored(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null') as Session | null
  } catch {
    return null
  }
}
