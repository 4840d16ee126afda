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

let parts = 0

/**
 * A part of a transaction: kept if `work` resolves, else taken back. Each has a name of its own, so that it never
 * ends another one that was left open inside.
 */
export async function part<R>(
  connection: Connection,
  ours: (work: () => void) => void,
  work: () => Promise<R>,
): Promise<R> {
  const name = `semel_part_${++parts}`
  ours(() => connection.exec(`savepoint ${name}`))
  try {
    const answer = await work()
    ours(() => connection.exec(`release ${name}`))
    return answer
  } catch (error) {
    if (connection.inTransaction()) connection.exec(`rollback to ${name}; release ${name}`)
    throw error
  }
}

export function rolledBack(why: string, cause?: unknown): SemelError {
  const message = `the transaction cannot be committed: ${why}`
  return new SemelError('SEMEL_TX_ROLLED_BACK', message, { cause })
}
