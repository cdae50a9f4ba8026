/** The main job, as two people do it in two browsers: find a mentor, buy credits, hold, book, meet live, end, confirm. */
import type { BrowserContext, Page } from '@playwright/test'
import { answer, expect, open, run, runSample, signInAs, test, write, type DemoAccount } from './support'

const VIEWER_EVENTS = `subscription {
  viewerEvents {
    __typename
    ... on WalletChanged { available { amountMinor } held { amountMinor } }
    ... on NotificationReceived { notification { kind } }
  }
}`
const ROOM_EVENTS = `subscription Room($session: ID!) {
  sessionEvents(sessionId: $session) { __typename ... on ParticipantJoined { participant { member { name } } } }
}`
const CHAT_EVENTS = `subscription Chat($conversation: ID!) {
  conversationEvents(conversationId: $conversation) { __typename ... on MessageSent { message { body } } }
}`

test('two people meet: from the search to the settled booking', async ({ page, context, browser, watch, server }) => {
  test.setTimeout(300_000)
  const learner = server.accounts.find(({ roles, note }) => roles.includes('LEARNER') && note.includes('250 credits'))!
  const mentor = server.accounts.find(({ roles, note }) => roles.includes('MENTOR') && note.includes('any hour'))!
  const other = await browser.newContext()
  await watch(other)

  await test.step('The learner searches by skill, price and words, and sees what a card shows.', async () => {
    await open(page)
    await signInAs(page, learner)
    await ask(page, `{ mentors(filter: { text: "${mentor.name}" }, first: 1) { edges { node { skills { id name } } } } }`)
    const card = await ask(
      page,
      `query Find($skill: ID!, $from: DateTime!, $to: DateTime!) {
        mentors(filter: { skillId: $skill, text: "${mentor.name}", price: { maxMinor: "20000" } }, first: 1) {
          edges { node {
            id rating { average count } skills { id } member { name } reviews(first: 3) { edges { node { rating body } } }
            slots(from: $from, to: $to, durationMinutes: 15) { startsAt }
          } }
        }
      }`,
      `{ "skill": "{{/mentors/edges/0/node/skills/0/id}}", "from": "{{now}}", "to": "{{now+1h}}" }`,
    )
    const { node } = card.mentors.edges[0]
    expect(node.member.name).toBe(mentor.name)
    expect(node.rating.count).toBeGreaterThan(0)
    expect(node.reviews.edges).toHaveLength(3)
    expect(node.slots.length).toBeGreaterThan(0)
  })

  const learnerHears = await listen(context, learner, VIEWER_EVENTS)
  const mentorPage = await other.newPage()
  await open(mentorPage)
  await signInAs(mentorPage, mentor)
  const mentorHears = await listen(other, mentor, VIEWER_EVENTS)

  await test.step('The learner buys credits on the page of the sandbox, and the wallet changes live.', async () => {
    await runSample(page, 'Payments', 'CreditPackages')
    await expect(answer(page)).toContainText('"creditPackages"')
    const { createCheckout } = await answered(page, 'createCheckout', () => runSample(page, 'Payments', 'CreateCheckout'))
    const till = await context.newPage()
    await till.goto(createCheckout.payment.checkoutUrl)
    await till.getByRole('button', { name: /^Pay/ }).click()
    await expect.poll(() => learnerHears.all('viewerEvents').map(({ __typename }) => __typename)).toContain('WalletChanged')
    await expect(answer(learnerHears.page)).toContainText('"viewerEvents"')
    await till.close()
  })

  const held = await heldBy(page)
  // A session of a quarter of an hour that starts within minutes.
  const time = `{ "mentor": "{{/mentors/edges/0/node/id}}", "startsAt": "{{/mentors/edges/0/node/slots/0/startsAt}}", "key": "{{key}}" }`
  const booked = await test.step('Holds a time and books it.', async () => {
    const { holdSlot } = await ask(
      page,
      `mutation Hold($mentor: ID!, $startsAt: DateTime!, $key: ID!) {
        holdSlot(input: { mentorId: $mentor, startsAt: $startsAt, durationMinutes: 15, idempotencyKey: $key }) {
          hold { id } userErrors { code message }
        }
      }`,
      time,
    )
    expect(holdSlot.userErrors).toEqual([])
    const { bookSession } = await ask(
      page,
      `mutation Book($mentor: ID!, $startsAt: DateTime!, $key: ID!) {
        bookSession(input: { mentorId: $mentor, startsAt: $startsAt, durationMinutes: 15, idempotencyKey: $key }) {
          booking { id price { amountMinor } } session { id } userErrors { code message }
        }
      }`,
      time,
    )
    expect(bookSession.userErrors).toEqual([])
    return { price: bookSession.booking.price.amountMinor, booking: bookSession.booking.id, session: bookSession.session.id }
  })

  await test.step('The booking and its notification arrive at the mentor live; the money is in escrow.', async () => {
    await expect.poll(() => mentorHears.text()).toContain('BookingConfirmed')
    await expect.poll(() => mentorHears.text()).toContain('BOOKING_CONFIRMED')
    await expect.poll(() => learnerHears.text()).toContain(`"held":{"amountMinor":"${held + Number(booked.price)}"}`)
  })

  const session = JSON.stringify({ session: booked.session })
  const rooms = [await listen(context, learner, ROOM_EVENTS, session), await listen(other, mentor, ROOM_EVENTS, session)]
  const { viewer } = await ask(page, '{ viewer { conversations(first: 20) { edges { node { id kind session { id } } } } } }')
  const conversation = viewer.conversations.edges.find(({ node }: any) => node.session?.id === booked.session).node.id
  const chats = [
    await listen(context, learner, CHAT_EVENTS, JSON.stringify({ conversation })),
    await listen(other, mentor, CHAT_EVENTS, JSON.stringify({ conversation })),
  ]

  await test.step('Both join: participants, stage and chat arrive live in both windows.', async () => {
    const start = 'mutation S($session: ID!) { startSession(input: { sessionId: $session }) { userErrors { code message } } }'
    expect((await ask(mentorPage, start, session)).startSession.userErrors).toEqual([])
    const join = 'mutation J($session: ID!) { joinSession(input: { sessionId: $session }) { userErrors { code message } } }'
    for (const window of [page, mentorPage]) {
      expect((await ask(window, join, session)).joinSession.userErrors).toEqual([])
    }
    for (const room of rooms) {
      for (const sign of ['SessionStarted', learner.name, mentor.name]) await expect.poll(() => room.text()).toContain(sign)
    }
    const say = `mutation M($conversation: ID!, $body: String!, $key: ID!) {
      sendMessage(input: { to: { conversationId: $conversation }, body: $body, clientId: $key }) { userErrors { code message } }
    }`
    for (const [window, body] of [[page, 'Hello!'], [mentorPage, 'Welcome.']] as const) {
      const variables = JSON.stringify({ conversation, body, key: '{{key}}' })
      expect((await ask(window, say, variables)).sendMessage.userErrors).toEqual([])
      for (const chat of chats) await expect.poll(() => chat.text()).toContain(body)
    }
  })

  await test.step('The mentor ends, the learner confirms: the escrow is earned, both are told, the ledger adds up.', async () => {
    const end = 'mutation E($session: ID!) { endSession(input: { sessionId: $session }) { userErrors { code message } } }'
    expect((await ask(mentorPage, end, session)).endSession.userErrors).toEqual([])
    for (const room of rooms) await expect.poll(() => room.text()).toContain('SessionEnded')
    const confirm = 'mutation C($booking: ID!) { confirmSession(input: { bookingId: $booking }) { userErrors { code message } } }'
    expect((await ask(page, confirm, JSON.stringify({ booking: booked.booking }))).confirmSession.userErrors).toEqual([])
    for (const hears of [learnerHears, mentorHears]) await expect.poll(() => hears.text()).toContain('BOOKING_COMPLETED')
    expect(await heldBy(page)).toBe(held)
    const { ledgerProof } = await ask(page, '{ ledgerProof(asset: "CREDIT/2") { balanced total { amountMinor } } }')
    expect(ledgerProof).toEqual({ balanced: true, total: { amountMinor: '0' } })
  })

  await other.close()
})

interface Listener {
  page: Page
  /** The events so far of a subscription field. */
  all: (field: string) => any[]
  text: () => string
}

/** A new window that stays subscribed. */
async function listen(context: BrowserContext, person: DemoAccount, query: string, variables = ''): Promise<Listener> {
  const page = await context.newPage()
  const received: any[] = []
  const live = new Promise<void>((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        const message = JSON.parse(String(payload))
        if (message.type === 'next') received.push(message.payload.data)
        if (message.type === 'connection_ack') resolve()
      })
    })
  })
  await open(page)
  await signInAs(page, person)
  await write(page, oneLine(query), variables)
  await run(page)
  await live
  await expect(page.getByRole('button', { name: /^Stop query/ })).toBeVisible()
  return {
    page,
    all: (field) => received.flatMap((data) => data?.[field] ?? []),
    text: () => JSON.stringify(received),
  }
}

/** What the wallet of the one who is signed in holds for bookings. */
async function heldBy(page: Page): Promise<number> {
  const { viewer } = await ask(page, '{ viewer { wallet { held { amountMinor } } } }')
  return Number(viewer.wallet.held.amountMinor)
}

/** Runs an operation in a new tab and returns its data. */
async function ask(page: Page, query: string, variables = ''): Promise<any> {
  await write(page, oneLine(query), variables)
  const field = /\{\s*(\w+)/.exec(query.replace(/^[^{]*/, ''))![1]!
  return answered(page, field, () => run(page))
}

async function answered(page: Page, field: string, act: () => Promise<void>): Promise<any> {
  const answering = page.waitForResponse(
    (response) => response.url().endsWith('/graphql') && (response.request().postData()?.includes(field) ?? false),
  )
  await act()
  const { data, errors } = await (await answering).json()
  expect(errors).toBeUndefined()
  return data
}

/** The editor would close brackets of its own at the end of a line. */
function oneLine(query: string): string {
  return query.replace(/\s+/g, ' ')
}
