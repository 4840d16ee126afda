import { SemelError } from '../errors/semel-error.ts'
import type { Connection } from './connection.ts'
import { transaction as sql } from './statements.gen.ts'

/** P9: a savepoint that is set after the claims, and gone if the transaction was ended inside. */
export interface Mark {
  set(): void
  /**
   * @throws SEMEL_TX_ROLLED_BACK when it is gone.
   */
  release(): void
  /** A part of the transaction has a mark of its own, which ends with it. */
  around<R>(work: () => Promise<R>): Promise<R>
}

export function markOn(connection: Connection): Mark {
  let isSet = false
  return {
    set() {
      if (!isSet) connection.run(sql.mark)
      isSet = true
    },
    release() {
      if (!isSet) return
      isSet = false
      try {
        connection.run(sql.release)
      } catch (cause) {
        throw rolledBack('it is not the same transaction any more', cause)
      }
    },
    async around(work) {
      const before = isSet
      isSet = false
      try {
        return await work()
      } finally {
        isSet = before
      }
    },
  }
}

/** A part of a transaction: kept if `work` resolves, else taken back. */
export async function part<R>(
  connection: Connection,
  ours: (work: () => void) => void,
  work: () => Promise<R>,
): Promise<R> {
  ours(() => connection.run(sql.partBegin))
  try {
    const answer = await work()
    ours(() => connection.run(sql.partEnd))
    return answer
  } catch (error) {
    if (connection.inTransaction()) {
      connection.run(sql.partRollback)
      connection.run(sql.partEnd)
    }
    throw error
  }
}

export function rolledBack(why: string, cause?: unknown): SemelError {
  const message = `the transaction cannot be committed: ${why}`
  return new SemelError('SEMEL_TX_ROLLED_BACK', message, { cause })
}
