import type { SqlClient, SqlConnection, SqlRow, SqlStatement } from './client.ts'

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
