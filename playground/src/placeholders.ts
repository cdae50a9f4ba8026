/**
 * Placeholders in variables, so that sample operations need no ids and no dates typed in:
 *
 * - `"{{key}}"`: a new idempotency key at every run
 * - `"{{now+2d}}"`: an instant, by minutes (m), hours (h) or days (d) from now
 * - `"{{/viewer/member/id}}"`: a JSON pointer into the answers so far, by root field, the newest answer of each
 */
export type Answers = Record<string, unknown>

const PLACEHOLDER = /^\{\{\s*(.+?)\s*\}\}$/
const INSTANT = /^now(?:([+-]\d+)([mhd]))?$/
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 }

export function fill(value: unknown, answers: Answers, now = Date.now()): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, answers, now))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, answers, now)]))
  }
  const what = typeof value === 'string' ? PLACEHOLDER.exec(value)?.[1] : undefined
  return what === undefined ? value : resolve(what, answers, now)
}

function resolve(what: string, answers: Answers, now: number): unknown {
  if (what === 'key') return newKey()
  if (what.startsWith('/')) return lookUp(what, answers)
  const instant = INSTANT.exec(what)
  if (!instant) throw new Error(`"{{${what}}}" is no placeholder. There are {{key}}, {{now+2d}} and {{/path/into/an/answer}}.`)
  const [, amount, unit] = instant
  const shift = amount && unit ? Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS] : 0
  return new Date(now + shift).toISOString()
}

function lookUp(pointer: string, answers: Answers): unknown {
  const steps = pointer.slice(1).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const found = steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | null | undefined)?.[step], answers)
  if (found === undefined || found === null) {
    throw new Error(`No answer holds ${pointer} yet. Run the operation that selects "${steps[0]}" first, or type the value in.`)
  }
  return found
}

/** Random bytes in place of randomUUID, which browsers offer over https and on localhost only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
