import type { Clock } from '../inbox/clock.ts'
import type { Store } from '../inbox/store.ts'
import { isInside } from '../once/inside.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { Isolation } from '../sql/client.ts'
import { namesBy } from '../sql/names.ts'
import { type Outside, watchOutside } from '../sql/outside.ts'
import { sqlStore } from '../sql/sql-store.ts'
import { checkAll } from './checks.ts'
import { clientOf, type MysqlClient, type Opened } from './clients.ts'
import { migrate } from './migrate.ts'
import { namedBy, type MysqlTables } from './tables.ts'

export type { MysqlClient } from './clients.ts'

export interface MysqlStoreOptions extends MysqlTables {
  /** Of the transactions that your handlers get; those of ours alone are always `read committed`. Default: that. */
  readonly isolation?: Isolation
  /**
   * What happens when a handler asks the pool itself for something: `report` it as an event, `refuse` it with
   * SEMEL_TX_OUTSIDE, or `allow` it. Default: `report`.
   */
  readonly outside?: Outside
  /** Default: the server's. Give one of your own to let leases and retention pass in a test. */
  readonly clock?: Clock
}

const others = ['database', 'prefix', 'isolation', 'outside', 'clock']

/**
 * Remembers in MariaDB 10.6 or MySQL 5.6, or newer ones, beside the rows that your handlers write: record and effect
 * are one commit. Which of the two it is is found out.
 *
 * @param pool A pool of `mysql2/promise`, or of `mysql2`. It stays yours: closing the store does not end it.
 * @throws SEMEL_OPTION_INVALID
 */
export function mysqlStore<Tx>(pool: MysqlClient<Tx>, options: MysqlStoreOptions = {}): Store<Tx> {
  resolveOptions('mysqlStore', options, [], others)
  const { outside = 'report' } = options
  const { watched, known, ...terms } = termsOf(pool, options)
  return sqlStore({
    ...terms,
    check: (parts) => checkAll(parts, options, known),
    watch: (store) => watchOutside(watched, ['getConnection'], () => isInside(store()), outside),
  })
}

/**
 * Makes the tables, or brings them up to date; the same as `semel migrate`. Answers the names of what was done. What
 * was interrupted is done again: MySQL has no transactions for tables.
 *
 * @throws SEMEL_SCHEMA_AHEAD, SEMEL_STORE_…
 */
export function migrateMysql<Tx>(
  pool: MysqlClient<Tx>,
  options: MysqlTables = {},
): Promise<readonly string[]> {
  const { pinned, ...terms } = termsOf(pool, options)
  const parts = { ...terms, names: namesBy(async () => undefined) }
  return pinned((connection) => migrate(parts, connection, options))
}

function termsOf<Tx>(pool: MysqlClient<Tx>, options: MysqlStoreOptions): Terms<Tx> {
  const { isolation = 'read committed', clock, ...tables } = options
  const where = 'mysql'
  return { ...clientOf(pool, isolation, where), where, named: namedBy(tables), clock }
}

interface Terms<Tx> extends Opened<Tx> {
  readonly where: string
  readonly named: (sql: string) => string
  readonly clock: Clock | undefined
}
