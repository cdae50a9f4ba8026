import type { Locator } from '@playwright/test'
import { account, answer, expect, menuEntry, open, run, signInAs, test, write } from './support'

const WHO = '{ viewer { email member { name } } }'

test('one click signs in as a demo account', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await signInAs(page, person!)
  await expect(account(page, person!.name)).toBeVisible()
  await write(page, WHO)
  await run(page)
  await expect(answer(page)).toContainText(person!.email)
})

test('two tabs of one browser are two people', async ({ context, server }) => {
  const people = server.accounts.slice(0, 2)
  for (const person of people) {
    const page = await context.newPage()
    await open(page)
    await signInAs(page, person)
  }
  for (const [index, person] of people.entries()) {
    const page = context.pages()[index]!
    await page.bringToFront()
    await write(page, WHO)
    await run(page)
    await expect(answer(page)).toContainText(person.email)
  }
})

test('the keyboard is enough to sign in and out', async ({ page, server }) => {
  const [, person] = server.accounts
  const press = async (key: string, focused: Locator) => {
    await page.keyboard.press(key)
    await expect(focused).toBeFocused()
  }
  await open(page)
  await page.getByRole('button', { name: 'Sign in as' }).focus()
  await press('Enter', page.getByRole('menuitem').first())
  await press('ArrowDown', menuEntry(page, person!))
  await press('Enter', account(page, person!.name))
  await expect(page.getByRole('status')).toHaveText(`Signed in as ${person!.name}`)

  await press('Enter', page.getByRole('menuitem').first())
  await press('End', page.getByRole('menuitem', { name: 'Sign out' }))
  await press('Enter', page.getByRole('button', { name: 'Sign in as' }))
  await expect(page.getByRole('status')).toHaveText('Not signed in')
  expect(await page.evaluate(() => sessionStorage.getItem('skillswap.session'))).toBeNull()
})

test('e-mail and password work too, and a refusal is said in words', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await page.getByRole('button', { name: 'Sign in as' }).click()
  await page.getByRole('menuitem', { name: 'Use e-mail and password' }).click()
  const form = page.getByRole('dialog', { name: 'Sign in' })
  await expect(form.getByLabel('E-mail')).toBeFocused()
  await form.getByLabel('E-mail').fill(person!.email)
  await form.getByLabel('Password').fill('not the password')
  await form.getByLabel('Password').press('Enter')
  await expect(form.getByRole('alert')).not.toBeEmpty()

  await form.getByLabel('Password').fill(person!.password)
  await form.getByRole('button', { name: 'Sign in' }).click()
  await expect(form).toBeHidden()
  await expect(page.getByRole('status')).toHaveText(`Signed in as ${person!.name}`)
})

test('without demo accounts the form is offered in place of the menu', async ({ page, server }) => {
  const [person] = server.accounts
  await page.route('**/dev/accounts', (route) => route.fulfill({ json: [] }))
  await open(page)
  await expect(page.getByRole('button', { name: 'Sign in as' })).toBeHidden()
  await page.getByRole('banner').getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('E-mail').fill(person!.email)
  await page.getByLabel('Password').fill(person!.password)
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click()
  await expect(account(page, person!.name)).toBeVisible()
})

test('a session that has run out is renewed before it is used', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await signInAs(page, person!)
  const before = await page.evaluate(() => {
    const session = JSON.parse(sessionStorage.getItem('skillswap.session')!)
    sessionStorage.setItem('skillswap.session', JSON.stringify({ ...session, expiresAt: '2020-01-01T00:00:00Z' }))
    return session.accessToken as string
  })
  await open(page)
  await write(page, WHO)
  await run(page)
  await expect(answer(page)).toContainText(person!.email)
  expect(await page.evaluate(() => JSON.parse(sessionStorage.getItem('skillswap.session')!).accessToken)).not.toBe(before)
})

test('a token the server does not know is renewed once, and the operation runs again', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await signInAs(page, person!)
  let refusals = 0
  await page.route('**/graphql', async (route) => {
    const ours = route.request().postData()?.includes('viewer { email member')
    if (!ours || refusals > 0) return route.continue()
    refusals += 1
    return route.fulfill({ json: { errors: [{ message: 'Sign in first.', extensions: { code: 'UNAUTHENTICATED' } }] } })
  })
  await write(page, WHO)
  await run(page)
  await expect(answer(page)).toContainText(person!.email)
  expect(refusals).toBe(1)
})
