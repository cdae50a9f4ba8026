import type { ExecutionResult } from 'graphql'

export const ENDPOINT = '/graphql'

export interface Request {
  query: string
  operationName?: string | null
  variables?: Record<string, unknown>
}

/** Sends one query or mutation. The caller's `headers` win over ours. */
export async function post(request: Request, token: string | null, headers: Record<string, string> = {}): Promise<ExecutionResult> {
  const all = new Headers({
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
    ...(token && { authorization: `Bearer ${token}` }),
  })
  for (const [name, value] of Object.entries(headers)) all.set(name, String(value))

  const response = await fetch(ENDPOINT, { method: 'POST', headers: all, body: JSON.stringify(request) })
  if (!response.headers.get('content-type')?.includes('json')) {
    throw new Error(`The server answered ${response.status} ${response.statusText}: ${(await response.text()).slice(0, 500)}`)
  }
  return (await response.json()) as ExecutionResult
}

/** The server did not know who asks, and changed nothing. */
export function isUnauthenticated({ data, errors }: ExecutionResult): boolean {
  const nothingHappened = !data || Object.values(data).every((field) => field === null)
  return nothingHappened && Boolean(errors?.some((error) => error.extensions?.['code'] === 'UNAUTHENTICATED'))
}
