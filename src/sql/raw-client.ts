import { bounded, inTime } from './bounded.ts'
import type { SqlClient } from './client.ts'
import type { Dialect } from './dialect.ts'
import type { RawConnection, RawPool } from './raw-connection.ts'
import { begun } from './raw-transaction.ts'

/**
 * How long a statement of ours may be without an answer, longer than claims wait for locks: a connection that swallows
 * everything must not stop a consumer for ever. Those alone may be an operator's, over many records.
 */
const answerMs = { within: 15_000, alone: 20_000 }

/** A client whose transactions are ours from BEGIN to COMMIT, each in one round trip with its neighbour. */
export function rawClient<Tx>(
  pool: RawPool<Tx>,
  { storeError, commitError }: Pick<Dialect, 'storeError' | 'commitError'>,
  where: string,
): SqlClient<Tx> {
  async function acquire(msMax: number): Promise<RawConnection<Tx>> {
    const acquiring = pool.acquire()
    let isLate = false
    try {
      return bounded(await inTime(acquiring, answerMs.alone, () => (isLate = true)), msMax)
    } catch (error) {
      if (isLate) acquiring.then((raw) => raw.release(false)).catch(() => undefined)
      throw storeError(error, where)
    }
  }
  return {
    ...pool,
    guarded: true,
    async query(statement) {
      if (pool.query !== undefined)
        return inTime(pool.query(statement), answerMs.alone, () => undefined)
      const raw = await acquire(answerMs.alone)
      let answered = false
      try {
        const rows = await (raw.alone ?? raw.query)(statement)
        answered = true
        return rows
      } finally {
        raw.release(!answered)
      }
    },
    async transaction(opening, work) {
      const raw = await acquire(opening.answerMsMax ?? answerMs.within)
      const { transaction, commit, rollback } = begun(raw, opening)
      let answer: Awaited<ReturnType<typeof work>>
      try {
        answer = await work(transaction)
      } catch (error) {
        raw.release(!(await rollback()))
        throw error
      }
      try {
        await commit()
      } catch (error) {
        raw.release(true)
        throw commitError(error, where)
      }
      raw.release(raw.isBusy())
      return answer
    },
  }
}
