import type { SqlStatement, SqlValue } from './client.ts'

export type SqlValues = Readonly<Record<string, SqlValue>>

/**
 * A statement with names where its values go: `:name`. What stands between `[(` and `)]` is there once for each row,
 * with commas between, and its names are those of the row, then the others.
 */
interface Template {
  readonly before: readonly Part[]
  readonly row: readonly Part[]
  readonly after: readonly Part[]
}

type Part = { readonly text: string } | { readonly name: string }

const known = new Map<string, Template>()

/** Writes a value or its place into a statement. */
type Write = (value: SqlValue) => string

/** With places for the values: `$1` or `?`. */
export function bound(
  sql: string,
  place: (number: number) => string,
  values: SqlValues,
  rows: readonly SqlValues[] = [],
): SqlStatement {
  const given: SqlValue[] = []
  const text = written(sql, values, rows, (value) => place(given.push(value)))
  return { text, values: given }
}

/** With the values written into it. */
export function written(
  sql: string,
  values: SqlValues,
  rows: readonly SqlValues[],
  write: Write,
): string {
  const { before, row, after } = templateOf(sql)
  const one = (parts: readonly Part[], given: SqlValues): string => {
    let text = ''
    for (const part of parts) text += 'text' in part ? part.text : write(valueOf(part.name, given))
    return text
  }
  const head = one(before, values)
  const body =
    row.length === 0 ? '' : rows.map((each) => one(row, { ...values, ...each })).join(', ')
  return head + body + one(after, values)
}

function valueOf(name: string, values: SqlValues): SqlValue {
  const value = values[name]
  if (value === undefined) throw new TypeError(`a statement was given no ${name}`)
  return value
}

function templateOf(sql: string): Template {
  const made = known.get(sql) ?? parsed(sql)
  known.set(sql, made)
  return made
}

function parsed(sql: string): Template {
  const [before = '', rest = ''] = sql.split(/\[(?=\()/)
  const [row = '', after = ''] = rest.split(/(?<=\))\]/)
  return { before: partsOf(before), row: partsOf(row), after: partsOf(after) }
}

/** `::` is a cast of PostgreSQL. */
function partsOf(text: string): readonly Part[] {
  return text
    .split(/(?<!:):([a-z]\w*)/i)
    .map((piece, at): Part => (at % 2 === 0 ? { text: piece } : { name: piece }))
    .filter((part) => 'name' in part || part.text !== '')
}
