import type { ColumnValue, Guards } from '../inbox/guards.ts'
import type { SqlConnection, SqlRow, SqlValue } from './client.ts'
import { run, type SqlParts } from './parts.ts'
import {
  nameParts,
  rowAnswer,
  type RowStatement,
  rowStatements,
  type RowWords,
  uniqueColumns,
} from './row-statements.ts'
import type { SqlValues } from './template.ts'

/** What differs between databases about rows of the user's. */
export interface RowDialect extends RowWords {
  /** Whether an insert met a row with the same values in an index of whatever columns. */
  isDuplicate(error: unknown): boolean
  /** How many rows the last statement has changed, as `n`; undefined where statements answer that themselves. */
  readonly changed: string | undefined
  /** The columns of a table, and of its unique indexes, by the names that `tableOf` gives. */
  readonly shape: { readonly columns: string; readonly unique: string }
  tableOf(parts: readonly string[]): SqlValues
}

/** Guards through the user's client, on the very transaction that is handed in. Errors of the driver pass as they are. */
export function sqlGuards(parts: SqlParts, words: RowDialect): Guards {
  const statements = rowStatements(words)
  const send = (
    connection: SqlConnection,
    { text, values }: RowStatement,
  ): Promise<readonly SqlRow[]> => connection.query({ text, values: values.map(bindable) })

  const guards: Guards = {
    async insert(tx, table, row, unique) {
      const connection = parts.client.join(tx)
      try {
        const rows = await send(connection, statements.insert(table, row, unique))
        return words.returning === '' || rows.length > 0
      } catch (error) {
        if (!words.isDuplicate(error)) throw error
        const where = unique.map((column) => ({ column, is: row[column] ?? null }))
        if ((await guards.find(tx, table, { where })) !== undefined) return false
        // Another index: the row of somebody else must not be taken for this one.
        throw error
      }
    },
    async update(tx, table, change) {
      const connection = parts.client.join(tx)
      const rows = await send(connection, statements.update(table, change))
      if (words.changed === undefined) return rows.length
      const [counted] = await connection.query({ text: words.changed, values: [] })
      return Number(counted?.['n'])
    },
    async find(tx, table, question) {
      const [row] = await send(parts.client.join(tx), statements.find(table, question))
      return row && rowAnswer(row, question)
    },
    async shape(table, tx) {
      const on = { connection: tx === undefined ? parts.client : parts.client.join(tx), parts }
      const named = words.tableOf(nameParts(table, 2))
      const columns = await run(on, words.shape.columns, named)
      if (columns.length === 0) return undefined
      const unique = uniqueColumns(await run(on, words.shape.unique, named))
      return { columns: columns.map((row) => String(row['column_name'])), unique }
    },
  }
  return guards
}

/** Larger than any driver's number: the server reads the digits. */
function bindable(value: ColumnValue): SqlValue {
  return typeof value === 'bigint' ? value.toString() : value
}
