import { readdirSync, readFileSync } from 'node:fs'
import { expect, open, test, write } from './support'

const folder = new URL('../operations/', import.meta.url)
const domains = readdirSync(folder).map((file) => file.replace('.graphql', ''))

test('the page comes with a policy that forbids other hosts and keeps to it', async ({ page }) => {
  const response = await page.goto('/playground/')
  expect(response?.headers()['content-security-policy']).toContain("default-src 'self'")
  await expect(page).toHaveTitle('SkillSwap playground')
  await expect(page.locator('.graphiql-query-editor .view-line').first()).toBeVisible()
  await page.waitForLoadState('networkidle')
})

test('every domain has a tab with its operations', async ({ page }) => {
  await open(page)
  const titles = await page.getByRole('tab').allInnerTexts()
  expect(titles.map((title) => title.toLowerCase()).sort()).toEqual(domains.sort())

  await page.getByRole('tab', { name: 'Wallet' }).click()
  await expect(page.locator('.graphiql-query-editor')).toContainText('query Wallet')
  await expect(page.locator('.graphiql-editor-tool')).toContainText('"asset"')
  await expect(page.getByRole('tab', { name: 'Wallet' })).toBeVisible()
})

test('the server carries the operations of these sources', async ({ request }) => {
  const files = (await (await request.get('/playground/operations.json')).json()) as { domain: string; text: string }[]
  expect(files.map(({ domain }) => domain).sort()).toEqual(domains.sort())
  for (const { domain, text } of files) expect(text).toBe(readFileSync(new URL(`${domain}.graphql`, folder), 'utf8'))
})

test('the schema is at hand in the documentation', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
  await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Mutation' }).click()
  await expect(page.locator('.graphiql-doc-explorer')).toContainText('sendMessage')
})

test('edited tabs survive a reload until the samples are restored', async ({ page }) => {
  await open(page)
  await write(page, '# Mine\n{ viewer { email } }')
  const mine = page.getByRole('tab', { name: 'Mine' })
  await expect(mine).toBeVisible()
  await page.waitForFunction(() => localStorage.getItem('graphiql:tabState')?.includes('# Mine'))

  await page.reload()
  await expect(mine).toBeVisible()

  page.once('dialog', (dialog) => dialog.accept())
  await page.getByRole('button', { name: 'Restore samples' }).click()
  await expect(mine).toBeHidden()
  await expect(page.getByRole('tab')).toHaveCount(domains.length)
})
