import type { Page, WebSocket, WebSocketRoute } from '@playwright/test'
import { answer, expect, open, runSample, signInAs, test, type DemoAccount, type Server } from './support'

interface Pair {
  listener: DemoAccount
  sendMessage: () => Promise<void>
}

test('an event appears in the page while it listens', async ({ page, server }) => {
  const { listener, sendMessage } = await pairThatTalks(server)
  await open(page)
  await signInAs(page, listener)
  await listen(page)
  await arrives(page, sendMessage)
})

test('a lost connection loses no event', async ({ page, server }) => {
  const { listener, sendMessage } = await pairThatTalks(server)
  const connections: WebSocketRoute[] = []
  const asked: { after: string | null }[] = []
  await page.routeWebSocket('**/graphql', async (socket) => {
    if (connections.push(socket) === 2) await sendMessage()
    const upstream = socket.connectToServer()
    socket.onMessage((message) => {
      const { type, payload } = JSON.parse(String(message))
      if (type === 'subscribe') asked.push(payload.variables)
      upstream.send(message)
    })
  })
  await open(page)
  await signInAs(page, listener)
  await listen(page)
  await arrives(page, sendMessage)
  const before = await answer(page).innerText()
  const cursor = /"cursor":\s*"([^"]+)"/.exec(before)?.[1]

  await connections[0]!.close({ code: 1012, reason: 'Service restart' })
  await expect.poll(() => answer(page).innerText()).not.toBe(before)
  await expect(answer(page)).toContainText('"cursor"')
  expect(asked.map(({ after }) => after)).toEqual([null, cursor])
})

test('another person gets another connection', async ({ page, server }) => {
  const [first, second] = server.accounts
  const inits: string[] = []
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => {
      const { type, payload: init } = JSON.parse(String(payload))
      if (type === 'connection_init') inits.push(init.authorization)
    })
  })
  await open(page)
  await signInAs(page, first!)
  const socket = await listen(page)
  const closed = socket.waitForEvent('close')
  await signInAs(page, second!)
  await closed
  await expect(page.getByRole('button', { name: /^Execute query/ })).toBeVisible()

  await listen(page)
  expect(inits).toHaveLength(2)
  expect(inits[0]).toMatch(/^Bearer ./)
  expect(inits[1]).not.toBe(inits[0])
})

/** Runs `ViewerEvents` and waits until the page has asked for it. */
async function listen(page: Page): Promise<WebSocket> {
  const opening = page.waitForEvent('websocket')
  await runSample(page, 'Events', 'ViewerEvents')
  const socket = await opening
  await expect(page.getByRole('button', { name: /^Stop query/ })).toBeVisible()
  return socket
}

/** The server says nothing when a subscription is in place, so the other person writes until it shows. */
async function arrives(page: Page, sendMessage: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await sendMessage()
    await expect(answer(page)).toContainText('"cursor"', { timeout: 2_000 })
  }).toPass()
  await expect(answer(page)).toContainText('"__typename"')
}

/** Two demo accounts with a conversation in common. */
async function pairThatTalks({ accounts, ask, logIn }: Server): Promise<Pair> {
  const known = new Map<string, DemoAccount>()
  for (const account of accounts) {
    const token = await logIn(account)
    const { viewer } = await ask('{ viewer { conversations(first: 10) { edges { node { id kind } } } } }', {}, token)
    for (const { node } of viewer.conversations.edges) {
      // Messages of a session are told in its room only.
      if (node.kind !== 'DIRECT') continue
      const listener = known.get(node.id)
      if (listener) return { listener, sendMessage: () => send(ask, node.id, token) }
      known.set(node.id, account)
    }
  }
  throw new Error('No two demo accounts share a conversation.')
}

async function send(ask: Server['ask'], conversation: string, token: string): Promise<void> {
  const { sendMessage } = await ask(
    `mutation ($conversation: ID!, $key: ID!) {
      sendMessage(input: { to: { conversationId: $conversation }, body: "Hello from the tests", clientId: $key }) { userErrors { code message } }
    }`,
    { conversation, key: crypto.randomUUID() },
    token,
  )
  expect(sendMessage.userErrors).toEqual([])
}
