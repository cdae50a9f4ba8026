export interface Sample {
  title: string
  query: string
  /** JSON, or empty. */
  variables: string
}

const VARIABLES_BLOCK = /^# variables\n((?:#.*\n)*)/

/** Splits a file of operations into query and variables; the first line of the query names the tab. */
export function readSample(domain: string, text: string): Sample {
  const block = VARIABLES_BLOCK.exec(text)
  const title = domain.charAt(0).toUpperCase() + domain.slice(1)
  return {
    title,
    query: `# ${title}\n\n${text.slice(block?.[0].length ?? 0).trimStart()}`,
    variables: (block?.[1] ?? '').replace(/^# ?/gm, '').trimEnd(),
  }
}
