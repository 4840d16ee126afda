import { SemelError } from '../errors/semel-error.ts'
import type { ColumnValue, Guards, TableShape } from '../inbox/guards.ts'
import {
  nameParts,
  rowAnswer,
  type RowStatement,
  rowStatements,
  type RowWords,
  uniqueColumns,
} from '../sql/row-statements.ts'
import { type Connection, connectionOf, flagsOf, type SqliteConnection } from './connection.ts'
import { guards as sql } from './statements.gen.ts'
import type { StoreParts } from './store-parts.ts'

/** Backticks: what stands in double quotes and is no column would be taken for a text. */
const words: RowWords = {
  quote: (name) => `\`${name}\``,
  place: () => '?',
  text: (column) => `cast(${column} as text)`,
  exactly: (column, value) => `${column} = ${value} collate binary`,
  unlessThere: (columns) => ` on conflict (${columns.join(', ')}) do nothing`,
  returning: ' returning 1 as done',
  // The transaction is the only one that writes.
  forUpdate: '',
}

type Row = Readonly<Record<string, unknown>>

/** Guards on the connection of the transaction that is handed in. Errors of the client pass as they are. */
export function sqliteGuards({ file, read }: Pick<StoreParts, 'file' | 'read'>): Guards {
  const statements = rowStatements(words)

  function rowsOf(tx: unknown, { text, values }: RowStatement): readonly Row[] {
    return openOne(tx, file).all<Row>(text, ...values.map(bindable))
  }
  return {
    insert: async (tx, table, row, unique) =>
      rowsOf(tx, statements.insert(table, row, unique)).length > 0,
    update: async (tx, table, change) => rowsOf(tx, statements.update(table, change)).length,
    async find(tx, table, question) {
      const [row] = rowsOf(tx, statements.find(table, question))
      return row && rowAnswer(row, question)
    },
    shape: async (table, tx) =>
      tx === undefined
        ? read((connection) => shapeOf(connection, table))
        : shapeOf(openOne(tx, file), table),
  }
}

/** Whatever the handler got hold of, it must be in its transaction: else each statement would commit by itself. */
function openOne(tx: unknown, file: string): Connection {
  const { isOpen, inTransaction } = flagsOf(tx as SqliteConnection)
  if (isOpen() && inTransaction()) return connectionOf(tx as SqliteConnection)
  throw new SemelError(
    'SEMEL_TX_OVER',
    `there is no open transaction on this connection to ${file}`,
  )
}

function shapeOf(connection: Connection, table: string): TableShape | undefined {
  const [name = '', schema = 'main'] = nameParts(table, 2).toReversed()
  const columns = connection.all<Row>(sql.columns, name, schema)
  if (columns.length === 0) return undefined
  const unique = uniqueColumns(connection.all<Row>(sql.unique, name, schema))
  return { columns: columns.map((row) => String(row['column_name'])), unique }
}

function bindable(value: ColumnValue): Exclude<ColumnValue, bigint | boolean> {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value as Exclude<ColumnValue, boolean | bigint>
}
