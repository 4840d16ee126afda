import type { SqlClient, SqlConnection } from './client.ts'
import type { Dialect } from './dialect.ts'
import { begun } from './raw-transaction.ts'

/** A connection of the user's pool, on which we begin and commit ourselves. */
export interface RawConnection<out Tx> extends SqlConnection<Tx> {
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
    'name' | 'connectionsMax' | 'interleaves' | 'query' | 'join' | 'close'
  > {
  acquire(): Promise<RawConnection<Tx>>
}

/** A client whose transactions are ours from BEGIN to COMMIT, each in one round trip with its neighbour. */
export function rawClient<Tx>(
  pool: RawPool<Tx>,
  { storeError, commitError }: Pick<Dialect, 'storeError' | 'commitError'>,
  where: string,
): SqlClient<Tx> {
  async function acquire(): Promise<RawConnection<Tx>> {
    try {
      return await pool.acquire()
    } catch (error) {
      throw storeError(error, where)
    }
  }
  return {
    ...pool,
    guarded: true,
    async transaction(opening, work) {
      const raw = await acquire()
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
