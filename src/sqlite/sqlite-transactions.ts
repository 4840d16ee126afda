import { SemelError } from '../errors/semel-error.ts'
import type { OpenTransaction, Transactions, TransactionTerms } from '../inbox/store.ts'
import { type Connection, connectionOf, flagsOf, type SqliteConnection } from './connection.ts'
import { openTransaction } from './open-transaction.ts'
import { sameFile } from './registry.ts'
import type { StoreParts } from './store-parts.ts'
import { storeError } from './sqlite-errors.ts'
import { transaction as sql } from './statements.gen.ts'

export function sqliteTransactions(parts: StoreParts): Transactions<SqliteConnection> {
  const { file, clock } = parts
  const callers = new WeakMap<object, Connection>()

  /** Statements are compiled once for each connection of a caller. */
  function callersConnection(tx: unknown): Connection {
    const raw = openOne(tx, file)
    const known = callers.get(raw)
    if (known !== undefined) return known
    const connection = connectionOf(raw)
    refuseOtherFile(connection, file)
    callers.set(raw, connection)
    return connection
  }

  return {
    open: <R>(
      work: (open: OpenTransaction<SqliteConnection>) => Promise<R>,
      terms?: TransactionTerms,
    ) =>
      parts.transaction(({ connection, onEnd }) => {
        const { transaction, end } = openTransaction(connection, { file, clock })
        onEnd(end)
        return work(transaction)
      }, terms?.messages),
    join: (tx) => openTransaction(callersConnection(tx), { file, clock }).transaction,
  }
}

function openOne(tx: unknown, file: string): SqliteConnection {
  const { isOpen, inTransaction } = flagsOf(tx as SqliteConnection)
  if (isOpen() && inTransaction()) return tx as SqliteConnection
  throw new SemelError(
    'SEMEL_TX_OVER',
    `there is no open transaction on this connection to ${file}`,
  )
}

/** Record and effect would be in two files, and no commit would hold both. */
function refuseOtherFile(connection: Connection, file: string): void {
  const other = fileOf(connection, file)
  if (other !== undefined && sameFile(other, file)) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `the transaction is on ${other || 'a database in memory'}, the store on ${file}: give runIn a connection to the same file`,
  )
}

function fileOf(connection: Connection, file: string): string | undefined {
  try {
    return connection.get<{ readonly file: string }>(sql.file)?.file
  } catch (error) {
    throw storeError(error, file)
  }
}
