import { SemelError } from '../errors/semel-error.ts'
import type { ColumnValue, ColumnValues, RowChange, RowQuestion } from '../inbox/guards.ts'
import { conditions } from './row-conditions.ts'

/** How a database writes names and comparisons. */
export interface RowWords {
  /** A name that was checked. */
  quote(name: string): string
  place(number: number): string
  /** A column as text; it is quoted. */
  text(column: string): string
  /** Text equal to the byte; `column` is quoted, `value` is a place. */
  exactly(column: string, value: string): string
  /** Behind an insert, so that a row with the same values in `columns` is no error; empty where it is one. */
  unlessThere(columns: readonly string[]): string
  /** Behind a change, so that it answers a row for each that it has changed; empty where it cannot. */
  readonly returning: string
  /** Behind a look that keeps the row as it is. */
  readonly forUpdate: string
}

/** A statement about rows of the user's. */
export interface RowStatement {
  readonly text: string
  readonly values: readonly ColumnValue[]
}

const part = /^[\p{L}_][\p{L}\p{N}_$]{0,62}$/u

/**
 * A name of the user's, that of a table with its schema before it.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function nameParts(name: string, partsMax: 1 | 2 = 1): readonly string[] {
  const parts = String(name).split('.')
  if (parts.length <= partsMax && parts.every((one) => part.test(one))) return parts
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${JSON.stringify(name)} is no name of a ${partsMax === 2 ? 'table' : 'column'}: letters, digits, _ and $, at most 63`,
  )
}

/** Writes statements, with their values beside them. */
export function rowStatements(words: RowWords): {
  insert(table: string, row: ColumnValues, unique: readonly string[]): RowStatement
  update(table: string, change: RowChange): RowStatement
  find(table: string, question: RowQuestion): RowStatement
} {
  const column = (name: string): string => words.quote(nameParts(name)[0] ?? '')
  const table = (name: string): string => nameParts(name, 2).map(words.quote).join('.')
  const columns = (names: readonly string[]): string => names.map(column).join(', ')

  /** Collects values in the order of their places. */
  function writer(): { readonly values: ColumnValue[]; put(value: ColumnValue): string } {
    const values: ColumnValue[] = []
    return { values, put: (value) => words.place(values.push(value)) }
  }
  const { condition, all } = conditions(words, column)

  return {
    insert(into, row, unique) {
      const { values, put } = writer()
      const places = Object.values(row).map(put).join(', ')
      const head = `insert into ${table(into)} (${columns(Object.keys(row))}) values (${places})`
      return { text: head + words.unlessThere(unique.map(column)) + words.returning, values }
    },
    update(which, { set, increment, where }) {
      const { values, put } = writer()
      const changes = Object.entries(set).map(([name, value]) => `${column(name)} = ${put(value)}`)
      if (increment !== undefined) changes.push(`${column(increment)} = ${column(increment)} + 1`)
      const head = `update ${table(which)} set ${changes.join(', ')} where ${all(where, put)}`
      return { text: head + words.returning, values }
    },
    find(from, { where, columns: told = [], holds = [] }) {
      const { values, put } = writer()
      const answers = [
        '1 as there_is',
        ...told.map((name, at) => `${words.text(column(name))} as c${at}`),
        ...holds.map((one, at) => `case when ${condition(one, put)} then 1 else 0 end as h${at}`),
      ]
      const head = `select ${answers.join(', ')} from ${table(from)} where ${all(where, put)}`
      return { text: head + words.forUpdate, values }
    },
  }
}

/** The answer of a look, out of its row. */
export function rowAnswer(
  row: Readonly<Record<string, unknown>>,
  { columns = [], holds = [] }: RowQuestion,
): { readonly texts: readonly (string | undefined)[]; readonly holds: readonly boolean[] } {
  return {
    texts: columns.map((_, at) => textOf(row[`c${at}`])),
    holds: holds.map((_, at) => Number(row[`h${at}`]) === 1),
  }
}

function textOf(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  return typeof value === 'string' ? value : undefined
}

/** The columns of each index, out of rows that name one column each. */
export function uniqueColumns(
  rows: readonly Readonly<Record<string, unknown>>[],
): readonly (readonly string[])[] {
  const byIndex = Map.groupBy(rows, (row) => String(row['index_name']))
  return [...byIndex.values()].map((some) => some.map((row) => String(row['column_name'])))
}
