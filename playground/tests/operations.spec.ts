import { readdirSync, readFileSync } from 'node:fs'
import { OperationTypeNode, parse } from 'graphql'
import { declaredVariables, pickOperation } from '../src/operation'
import { fill } from '../src/placeholders'
import { readSample } from '../src/sample'
import { answer, expect, open, run, runOperation, runSample, signInAs, test, write } from './support'

const folder = new URL('../operations/', import.meta.url)

test('a sample operation shows its answer', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await signInAs(page, person!)
  await runSample(page, 'Accounts', 'WhoAmI')
  await expect(answer(page)).toContainText(person!.email)
})

test('a variable takes its value from an earlier answer', async ({ page, server }) => {
  const [person] = server.accounts
  await open(page)
  await signInAs(page, person!)
  await write(
    page,
    'query Me { viewer { member { name } } }\nquery Namesakes($text: String!) { mentors(filter: { text: $text }, first: 1) { edges { node { id } } } }',
    '{ "text": "{{/viewer/member/name}}", "unused": "{{/nothing/yet}}" }',
  )
  await runOperation(page, 'Namesakes')
  await expect(answer(page)).toContainText('Run the operation that selects')
  await runOperation(page, 'Me')
  await expect(answer(page)).toContainText(person!.name)

  const sent = page.waitForRequest((request) => request.postData()?.includes('query Namesakes') ?? false)
  await runOperation(page, 'Namesakes')
  const { query, variables } = (await sent).postDataJSON()
  expect(variables).toEqual({ text: person!.name })
  expect(query).not.toContain('query Me')
  await expect(answer(page)).toContainText('"mentors"')
})

test('an error of the server is shown', async ({ page }) => {
  await page.route('**/graphql', (route) =>
    route.request().postData()?.includes('skillCategories') ? route.fulfill({ status: 200, contentType: 'text/plain', body: 'gone' }) : route.continue(),
  )
  await open(page)
  await write(page, '{ skillCategories { id } }')
  await run(page)
  await expect(answer(page)).toContainText('The server answered 200')
})

for (const file of readdirSync(folder)) {
  test(`${file} holds named operations, each with an actor and all its variables`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const { query, variables } = readSample(file.replace('.graphql', ''), text)
    const values = variables ? Object.keys(JSON.parse(variables)) : []
    const operations = parse(query).definitions.filter((definition) => definition.kind === 'OperationDefinition')
    expect(operations.length).toBeGreaterThan(0)

    for (const operation of operations) {
      expect(operation.name?.value).toMatch(/^[A-Z]\w+$/)
      expect(values).toEqual(expect.arrayContaining(declaredVariables(operation)))
      expect(query.slice(0, operation.loc!.start).trimEnd().split('\n').at(-1)).toMatch(/^# as: (anybody|learner|mentor|exchanger|admin)$/)
    }
    expect(new Set(operations.map((operation) => operation.name?.value)).size).toBe(operations.length)
    const used = operations.flatMap(declaredVariables)
    expect(used).toEqual(expect.arrayContaining(values))
  })
}

test('a file without variables is all query', () => {
  expect(readSample('chat', 'query A { a }\n')).toEqual({ title: 'Chat', query: '# Chat\n\nquery A { a }\n', variables: '' })
})

test('the chosen operation is sent with its fragments, on its own lines', () => {
  const source = 'query A { a ...F }\nquery B {\n  b\n}\nfragment F on Query { f }\nsubscription C { c }'
  const { definition, query } = pickOperation(source, 'C')
  expect(definition.operation).toBe(OperationTypeNode.SUBSCRIPTION)
  expect(query).toBe('\n\n\n\n\nsubscription C { c }')
  expect(pickOperation(source, 'A').query).toBe('query A { a ...F }\n\n\n\nfragment F on Query { f }\n')
  expect(pickOperation('{ a }', 'Late').query).toBe('{ a }')
  expect(() => pickOperation(source, null)).toThrow('Choose one of the operations')
})

test('placeholders are filled at any depth', () => {
  const answers = { viewer: { bookings: [{ id: 'bkg_1' }] } }
  const now = Date.parse('2030-01-01T00:00:00Z')
  expect(fill({ a: ['{{/viewer/bookings/0/id}}'], b: 1, c: null, d: 'plain {{key}}' }, answers, now)).toEqual({
    a: ['bkg_1'],
    b: 1,
    c: null,
    d: 'plain {{key}}',
  })
  expect(fill('{{now}}', {}, now)).toBe('2030-01-01T00:00:00.000Z')
  expect(fill('{{now+2d}}', {}, now)).toBe('2030-01-03T00:00:00.000Z')
  expect(fill('{{now-30m}}', {}, now)).toBe('2029-12-31T23:30:00.000Z')
  expect(fill('{{key}}', {})).toMatch(/^[0-9a-f]{32}$/)
  expect(fill('{{key}}', {})).not.toBe(fill('{{key}}', {}))
  expect(() => fill('{{/viewer/name}}', answers)).toThrow('No answer holds /viewer/name yet')
  expect(() => fill('{{tomorrow}}', {})).toThrow('is no placeholder')
})
