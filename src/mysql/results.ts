import type { SqlRow } from '../sql/client.ts'

/** A statement with the settings under which we read its answer, whatever those of the pool are. */
export interface Query {
  readonly sql: string
  readonly rowsAsArray: false
  readonly nestTables: false
  readonly typeCast: true
  readonly supportBigNumbers: true
  readonly bigNumberStrings: false
  readonly namedPlaceholders: false
}

export function queryOf(sql: string): Query {
  return {
    sql,
    rowsAsArray: false,
    nestTables: false,
    typeCast: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    namedPlaceholders: false,
  }
}

/** What is answered where there are no rows. */
interface Header {
  readonly serverStatus?: number
}

export function headerOf([answer]: readonly [unknown, unknown]): Header | undefined {
  return Array.isArray(answer) ? undefined : (answer as Header)
}

export function rowsOf([answer]: readonly [unknown, unknown]): readonly SqlRow[] {
  return Array.isArray(answer) ? (answer as readonly SqlRow[]) : []
}

const answersRows = /^\s*(?:select\b|\(select\b)/

/** The rows of each of several statements: a block answers only those that have some, and one header at its end. */
export function setsOf(
  texts: readonly string[],
  [answer]: readonly [unknown, unknown],
): readonly (readonly SqlRow[])[] {
  const answers = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const sets = answers.filter((one): one is readonly SqlRow[] => Array.isArray(one))
  // A single text without a block is answered as it is.
  if (texts.length === 1 && sets.length === 0) return [rowsOf([answer, undefined])]
  let next = 0
  return texts.map((text) => (answersRows.test(text) ? (sets[next++] ?? []) : []))
}
