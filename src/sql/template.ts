import type { SqlStatement, SqlValue } from './client.ts'

export type SqlValues = Readonly<Record<string, SqlValue>>

/**
 * A statement with names where its values go: `:name`. What stands between `[(` and `)]` is there once for each row,
 * with commas between, and its names are those of the row, then the others. So is `[select …]`, or `[(select …)]`, with
 * `union all` between.
 */
interface Template {
  readonly before: readonly Part[]
  readonly row: readonly Part[]
  readonly between: string
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
  const { before, row, between, after } = templateOf(sql)
  const one = (parts: readonly Part[], given: SqlValues): string => {
    let text = ''
    for (const part of parts) text += 'text' in part ? part.text : write(valueOf(part.name, given))
    return text
  }
  const head = one(before, values)
  const body =
    row.length === 0 ? '' : rows.map((each) => one(row, { ...values, ...each })).join(between)
  return head + body + one(after, values)
}

/** What one statement holds of large values, in bytes; servers bound the length of a statement. */
const portionBytes = 1_048_576

/** Rows in portions that one statement can hold. */
export function portions(rows: readonly SqlValues[]): readonly (readonly SqlValues[])[] {
  const all: SqlValues[][] = []
  let left = 0
  for (const row of rows) {
    const size = bytesIn(row)
    if (size > left) {
      all.push([])
      left = portionBytes
    }
    all.at(-1)?.push(row)
    left -= size
  }
  return all
}

function bytesIn(row: SqlValues): number {
  let bytes = 1
  for (const value of Object.values(row))
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length
  return bytes
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

const repeated = /\[(\([\s\S]*?\)|select\b[^\]]*)\]/

function parsed(sql: string): Template {
  const [found = '', row = ''] = repeated.exec(sql) ?? []
  const at = found === '' ? sql.length : sql.indexOf(found)
  return {
    before: partsOf(sql.slice(0, at)),
    row: partsOf(row),
    between: /^\(?select\b/.test(row) ? ' union all ' : ', ',
    after: partsOf(sql.slice(at + found.length)),
  }
}

/** `::` is a cast of PostgreSQL. */
function partsOf(text: string): readonly Part[] {
  return text
    .split(/(?<!:):([a-z]\w*)/i)
    .map((piece, at): Part => (at % 2 === 0 ? { text: piece } : { name: piece }))
    .filter((part) => 'name' in part || part.text !== '')
}
