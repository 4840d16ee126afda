import type { Clock } from '../inbox/clock.ts'
import type { Store } from '../inbox/store.ts'
import { rawClient } from '../sql/raw-client.ts'
import { sqlStore } from '../sql/sql-store.ts'
import { namesBy } from '../sql/names.ts'
import type { SqlParts } from '../sql/parts.ts'
import { type Isolation, postgresDialect } from './dialect.ts'
import { checkSchema, migrate } from './migrate.ts'
import { type PgPool, type PgPooled, pgPool } from './pg-pool.ts'
import { namedBy, type PostgresTables } from './tables.ts'

export interface PostgresStoreOptions extends PostgresTables {
  /** Of the transactions that your handlers get; those of ours alone are always `read committed`. Default: that. */
  readonly isolation?: Isolation
  /** Default: the server's. Give one of your own to let leases and retention pass in a test. */
  readonly clock?: Clock
}

/**
 * Remembers in PostgreSQL 13 or newer, beside the rows that your handlers write: record and effect are one commit.
 *
 * @param pool A `Pool` of `pg`. It stays yours: closing the store does not end it.
 * @throws SEMEL_OPTION_INVALID
 */
export function postgresStore<C extends PgPooled>(
  pool: PgPool<C>,
  options: PostgresStoreOptions = {},
): Store<C> {
  return sqlStore({ ...termsOf(pool, options), check: checkSchema })
}

/**
 * Makes the tables, or brings them up to date; the same as `semel migrate`. Answers the names of what was done.
 *
 * @throws SEMEL_SCHEMA_AHEAD, SEMEL_STORE_…
 */
export function migratePostgres<C extends PgPooled>(
  pool: PgPool<C>,
  options: PostgresTables = {},
): Promise<readonly string[]> {
  const names = namesBy(async () => undefined)
  const parts: SqlParts<C> = { ...termsOf(pool, options), names }
  return migrate(parts)
}

function termsOf<C extends PgPooled>(
  pool: PgPool<C>,
  { isolation, clock, ...tables }: PostgresStoreOptions,
): Omit<SqlParts<C>, 'names'> {
  const dialect = postgresDialect(isolation)
  const where = 'postgres'
  return {
    client: rawClient(pgPool(pool), dialect, where),
    dialect,
    where,
    named: namedBy(tables),
    clock,
  }
}
