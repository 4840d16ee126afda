import type { Clock } from '../inbox/clock.ts'
import type { Store } from '../inbox/store.ts'
import { isInside } from '../once/inside.ts'
import { resolveOptions } from '../options/resolve.ts'
import { type Outside, watchOutside } from '../sql/outside.ts'
import type { Isolation } from '../sql/client.ts'
import { sqlStore } from '../sql/sql-store.ts'
import { namesBy } from '../sql/names.ts'
import type { SqlParts } from '../sql/parts.ts'
import { type AnyClient, clientOf, type PostgresClient } from './clients.ts'
import { postgresDialect } from './dialect.ts'
import { checkAll } from './checks.ts'
import { migrate } from './migrate.ts'
import type { PgPool, PgPooled } from './pg-pool.ts'
import { namedBy, type PostgresTables } from './tables.ts'

export interface PostgresStoreOptions extends PostgresTables {
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

const others = ['schema', 'prefix', 'isolation', 'outside', 'clock']

/**
 * Remembers in PostgreSQL 13 or newer, beside the rows that your handlers write: record and effect are one commit.
 *
 * @param client A `Pool` of `pg`, a `sql` of `postgres`, or a connector such as `kysely(db)`. It stays yours: closing
 *   the store does not end it.
 * @throws SEMEL_OPTION_INVALID
 */
export function postgresStore<C extends PgPooled>(
  client: PgPool<C>,
  options?: PostgresStoreOptions,
): Store<C>
export function postgresStore<Tx>(
  client: PostgresClient<Tx>,
  options?: PostgresStoreOptions,
): Store<Tx>
export function postgresStore(client: AnyClient, options: PostgresStoreOptions = {}): Store {
  resolveOptions('postgresStore', options, [], others)
  const { outside = 'report' } = options
  const watch = (store: () => object): (() => void) =>
    watchOutside(client, ['connect'], () => isInside(store()), outside)
  return sqlStore({
    ...termsOf(client, options),
    check: checkAll,
    ...('connect' in client ? { watch } : {}),
  })
}

/**
 * Makes the tables, or brings them up to date; the same as `semel migrate`. Answers the names of what was done.
 *
 * @param client As for `postgresStore`.
 * @throws SEMEL_SCHEMA_AHEAD, SEMEL_STORE_…
 */
export function migratePostgres(
  client: AnyClient,
  options: PostgresTables = {},
): Promise<readonly string[]> {
  const names = namesBy(async () => undefined)
  const parts: SqlParts = { ...termsOf(client, options), names }
  return migrate(parts)
}

function termsOf(
  client: AnyClient,
  { isolation, clock, ...tables }: PostgresStoreOptions,
): Omit<SqlParts, 'names'> {
  const dialect = postgresDialect(isolation)
  const where = 'postgres'
  return {
    client: clientOf(client, dialect, where),
    dialect,
    where,
    named: namedBy(tables),
    clock,
  }
}
