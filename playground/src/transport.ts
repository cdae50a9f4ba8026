/**
 * How GraphiQL reaches the server: queries and mutations by POST, subscriptions over one WebSocket, both as the member
 * signed in, both with the variables' placeholders filled in.
 */
import type { Fetcher, Observable } from '@graphiql/toolkit'
import { GraphQLError, type ExecutionResult } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import { ENDPOINT, isUnauthenticated, post, type Request } from './api'
import { declaredVariables, pickOperation } from './operation'
import { fill, type Answers } from './placeholders'
import { accessToken, onChange, renew } from './session'

type PreparedRequest = Request & { variables: Record<string, unknown> }

const RETRY_ATTEMPTS = 6
const LONGEST_RETRY_MS = 10_000

const answers: Answers = {}
let client = connect()

onChange((now, before) => {
  if (now && now.member.id === before?.member.id) {
    client.terminate() // Same person, new token: running subscriptions move to a new connection.
  } else {
    void client.dispose() // Another person: what ran for the one before ends.
    client = connect()
  }
})

/** Sends the chosen operation alone, with the variables it declares. */
export const fetcher: Fetcher = async (params, options) => {
  const { definition, query } = pickOperation(params.query, params.operationName)
  const given = (params.variables ?? {}) as Record<string, unknown>
  const declared = declaredVariables(definition).filter((name) => name in given)
  const variables = Object.fromEntries(declared.map((name) => [name, fill(given[name], answers)]))
  const request = { query, operationName: definition.name?.value ?? null, variables }
  return definition.operation === 'subscription' ? subscribe(request, declaredVariables(definition)) : send(request, options?.headers)
}

async function send(request: Request, headers?: Record<string, string>): Promise<ExecutionResult> {
  const token = await accessToken()
  const result = await post(request, token, headers)
  if (!token || !isUnauthenticated(result)) return remember(result)
  const renewed = await renew()
  return renewed ? remember(await post(request, renewed.accessToken, headers)) : result
}

/** A subscription that declares `$after` continues behind the last cursor it saw when its connection is replaced. */
function subscribe(request: PreparedRequest, declared: string[]): Observable<ExecutionResult> {
  const resumable = declared.includes('after')
  const start = (observer: Observer) => ({
    unsubscribe: client.subscribe(request, {
      next(result) {
        const cursor = resumable && cursorOf(result)
        if (cursor) request.variables['after'] = cursor
        observer.next(remember(result as ExecutionResult))
      },
      error: (reason) => observer.error(explain(reason)),
      complete: () => observer.complete(),
    }),
  })
  return { subscribe: start } as Observable<ExecutionResult>
}

interface Observer {
  next: (result: ExecutionResult) => void
  error: (reason: unknown) => void
  complete: () => void
}

function connect(): Client {
  return createClient({
    url: () => new URL(ENDPOINT, location.href.replace(/^http/, 'ws')).href,
    connectionParams: async () => {
      const token = await accessToken()
      return token ? { authorization: `Bearer ${token}` } : undefined
    },
    shouldRetry: () => true,
    retryAttempts: RETRY_ATTEMPTS,
    retryWait: (retries) => new Promise((done) => setTimeout(done, retries === 0 ? 0 : Math.min(500 * 2 ** retries, LONGEST_RETRY_MS))),
  })
}

function remember(result: ExecutionResult): ExecutionResult {
  for (const [field, value] of Object.entries(result.data ?? {})) {
    if (value !== null && !field.startsWith('__')) answers[field] = value
  }
  return result
}

function cursorOf({ data }: { data?: unknown }): string | undefined {
  const [event] = Object.values((data ?? {}) as Record<string, { cursor?: string } | null>)
  return event?.cursor
}

/** graphql-ws fails with GraphQL errors, a close frame, or a bare DOM event. */
function explain(reason: unknown): unknown {
  if (Array.isArray(reason)) {
    const [first] = reason as GraphQLError[]
    return first ? new GraphQLError(first.message, { extensions: first.extensions }) : new Error('The subscription failed.')
  }
  if (reason instanceof CloseEvent) return new Error(`The WebSocket was closed: ${reason.code} ${reason.reason}`.trim())
  if (reason instanceof Event) return new Error('The WebSocket could not be opened.')
  return reason
}
