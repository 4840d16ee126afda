import { SemelError } from '../errors/semel-error.ts'
import { connected, migrated, type Opening, patienceMs, patiently } from './connect.ts'
import type { Connection } from './connection.ts'
import { commitError, storeError } from './sqlite-errors.ts'
import { transaction as sql } from './statements.gen.ts'

/** The connection of a file as it is now: opened when it is needed, replaced when it had to be given up. */
export interface LiveConnection {
  /** With its tables up to date. */
  ready(): Promise<Connection>
  /** In a transaction that holds the lock of the writer. Throws translated errors. */
  begun(): Promise<Connection>
  commit(mine: Connection): void
  /** Rolls back what is still open. Never throws. */
  undo(mine: Connection): void
  /** Closes it; the next one who asks gets another. */
  giveUp(mine: Connection): void
  translated(error: unknown): unknown
  close(): void
}

export function liveConnection(opening: Opening): LiveConnection {
  const { file } = opening
  let connection: Connection | undefined
  let upToDate = false

  async function ready(): Promise<Connection> {
    connection ??= await connected(opening)
    if (!upToDate) await migrated(connection, opening)
    upToDate = true
    return connection
  }
  function giveUp(mine: Connection): void {
    if (connection === mine) connection = undefined
    try {
      mine.close()
    } catch {
      // It is closed or broken; nobody uses it again.
    }
  }
  function translated(error: unknown): unknown {
    if (connection?.isOpen() !== false) return storeError(error, file)
    const message = `${file}: somebody closed the connection`
    return new SemelError('SEMEL_STORE_CLOSED', message, { cause: error })
  }
  return {
    ready,
    async begun() {
      try {
        const mine = await ready()
        await patiently(() => mine.run(sql.begin), patienceMs(opening))
        return mine
      } catch (error) {
        throw translated(error)
      }
    },
    commit(mine) {
      if (!mine.inTransaction())
        throw new SemelError('SEMEL_TX_ROLLED_BACK', `${file}: the transaction was ended inside`)
      try {
        mine.run(sql.commit)
      } catch (error) {
        throw commitError(error, file)
      }
    },
    undo(mine) {
      try {
        if (mine.inTransaction()) mine.run(sql.rollback)
      } catch {
        giveUp(mine)
      }
    },
    giveUp,
    translated,
    close() {
      if (connection !== undefined) giveUp(connection)
    },
  }
}
