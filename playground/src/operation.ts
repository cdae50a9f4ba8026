import { getOperationAST, parse, separateOperations, type OperationDefinitionNode } from 'graphql'

export interface Operation {
  definition: OperationDefinitionNode
  /** The document with this operation and its fragments only; every line keeps its number. */
  query: string
}

/** Takes the operation to run out of a document of several, so that limits and errors concern this one alone. */
export function pickOperation(source: string, name: string | null | undefined): Operation {
  const document = parse(source)
  // GraphiQL tells the name a moment late; where there is one operation only, there is nothing to choose.
  const definition = getOperationAST(document, name) ?? getOperationAST(document)
  if (!definition) throw new Error('Choose one of the operations of this tab.')

  const kept = new Set(separateOperations(document)[definition.name?.value ?? '']?.definitions)
  let query = source
  for (const other of document.definitions.toReversed()) {
    if (kept.has(other) || !other.loc) continue
    const { start, end } = other.loc
    query = query.slice(0, start) + query.slice(start, end).replace(/[^\n]+/g, '') + query.slice(end)
  }
  return { definition, query }
}

export function declaredVariables(operation: OperationDefinitionNode): string[] {
  return (operation.variableDefinitions ?? []).map((definition) => definition.variable.name.value)
}
