/**
 * What the browser tests share. They need a server in demo mode and the documented schema, nothing else.
 */
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test'

export { expect }

export interface DemoAccount {
  name: string
  email: string
  password: string
  roles: string[]
  note: string
}

export interface Server {
  accounts: DemoAccount[]
  /** Runs an operation without the browser; fails on top-level errors. */
  ask: (query: string, variables?: Record<string, unknown>, token?: string) => Promise<any>
  logIn: (account: DemoAccount) => Promise<string>
}

interface Fixtures {
  server: Server
  /** Every page of these contexts has to stay free of errors, broken rules and requests to other hosts. */
  watch: (context: BrowserContext) => Promise<void>
  /** Watches the pages of the test's own context. */
  watched: void
}

export const test = base.extend<Fixtures>({
  server: async ({ baseURL }, use) => {
    const accounts = (await (await fetch(`${baseURL}/dev/accounts`)).json()) as DemoAccount[]
    const ask: Server['ask'] = async (query, variables = {}, token) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
      const response = await fetch(`${baseURL}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
      const { data, errors } = (await response.json()) as { data?: any; errors?: unknown }
      expect(errors, query).toBeUndefined()
      return data
    }
    const logIn: Server['logIn'] = async ({ email, password }) => {
      const { logIn } = await ask(
        `mutation ($email: String!, $password: String!) {
          logIn(input: { email: $email, password: $password }) { session { accessToken } userErrors { code message } }
        }`,
        { email, password },
      )
      expect(logIn.userErrors).toEqual([])
      return logIn.session.accessToken
    }
    await use({ accounts, ask, logIn })
  },

  watch: async ({ baseURL }, use) => {
    const problems: string[] = []
    const origin = new URL(baseURL!).origin
    await use(async (context) => {
      context.on('request', (request) => {
        const url = new URL(request.url())
        if (url.protocol.startsWith('http') && url.origin !== origin) problems.push(`request to ${url.href}`)
      })
      context.on('console', (message) => {
        if (message.type() === 'error') problems.push(`console: ${message.text()}`)
      })
      context.on('weberror', (error) => problems.push(`thrown: ${error.error().message}`))
      await context.exposeFunction('reportViolation', (violation: string) => problems.push(`policy: ${violation}`))
      await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', (event) => {
          ;(window as any).reportViolation(`${event.effectiveDirective} ${event.blockedURI}`)
        })
      })
    })
    expect(problems).toEqual([])
  },

  watched: [
    async ({ context, watch }, use) => {
      await watch(context)
      await use()
    },
    { auto: true },
  ],
})

export async function open(page: Page): Promise<void> {
  await page.goto('/playground/')
  await expect(page.locator('.graphiql-query-editor .view-line').first()).toBeVisible()
}

export function account(page: Page, name: string): Locator {
  return page.getByRole('banner').getByRole('button', { name })
}

/** The entry of the open menu that signs in as this person. */
export function menuEntry(page: Page, { name }: DemoAccount): Locator {
  return page.getByRole('menuitem').filter({ has: page.locator('.accounts-name', { hasText: name }) })
}

export async function signInAs(page: Page, person: DemoAccount): Promise<void> {
  await page.getByRole('banner').getByRole('button').last().click()
  await menuEntry(page, person).click()
  await expect(page.getByRole('status')).toHaveText(`Signed in as ${person.name}`)
}

/** Opens a sample tab and runs one of its operations. */
export async function runSample(page: Page, tab: string, operation: string): Promise<void> {
  await page.getByRole('tab', { name: tab }).click()
  await runOperation(page, operation)
}

/** Where there are several operations, the button opens a menu of them. */
export async function runOperation(page: Page, operation: string): Promise<void> {
  await page.locator('.graphiql-execute-button[aria-haspopup]').click()
  await page.getByRole('menuitem', { name: operation, exact: true }).click()
}

/** Puts an operation of one's own into a new tab. */
export async function write(page: Page, query: string, variables = ''): Promise<void> {
  await page.getByRole('button', { name: 'New tab' }).click()
  await fill(page, '.graphiql-query-editor', query)
  await fill(page, '.graphiql-editor-tool', variables)
}

/** Runs the only operation of a tab, once GraphiQL has read it. */
export async function run(page: Page): Promise<void> {
  await page.locator('.graphiql-execute-button:not([aria-haspopup])').click()
}

export function answer(page: Page): Locator {
  return page.locator('.graphiql-response .view-lines')
}

async function fill(page: Page, area: string, text: string): Promise<void> {
  await page.locator(`${area} .monaco-editor:visible`).first().click()
  await page.keyboard.press('ControlOrMeta+a')
  if (text) await page.keyboard.insertText(text)
  else await page.keyboard.press('Delete')
}
