import { bounded, inTime } from './bounded.ts'
import type { SqlClient, SqlConnection, SqlRow, SqlStatement } from './client.ts'
import type { Dialect } from './dialect.ts'
import { begun } from './raw-transaction.ts'

/** A connection of the user's pool, on which we begin and commit ourselves. */
export interface RawConnection<out Tx> extends SqlConnection<Tx> {
  /** One statement without a transaction, where that differs. */
  readonly alone?: SqlConnection<Tx>['query'] | undefined
  /** Whether a handler has left something under way. */
  isBusy(): boolean
  /** What the server says that it did, of the last statement; undefined where its protocol does not say. */
  lastCommand(): string | undefined
  release(destroy: boolean): void
}

/** A pool of such connections. */
export interface RawPool<out Tx>
  extends Pick<
    SqlClient<Tx>,
    'name' | 'pool' | 'connectionsMax' | 'interleaves' | 'join' | 'close'
  > {
  acquire(): Promise<RawConnection<Tx>>
  /** One statement on any connection, for pools that do better without one being taken out. */
  query?(statement: SqlStatement): Promise<readonly SqlRow[]>
}

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
