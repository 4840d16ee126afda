import type { SqlClient } from '../sql/client.ts'
import { isConnector, needs, type SqlConnector } from '../sql/connector.ts'
import type { Dialect } from '../sql/dialect.ts'
import { managedClient } from '../sql/managed-client.ts'
import { rawClient } from '../sql/raw-client.ts'
import { type PgPool, type PgPooled, pgPool } from './pg-pool.ts'
import { isPostgresJs, type PostgresJs, postgresJsPool } from './postgres-js.ts'
import { refuseOurs } from './sql-text.ts'

/** What a store on PostgreSQL can be given. */
export type PostgresClient<Tx> = PostgresJs<Tx> | SqlConnector<Tx>

export type AnyClient = PostgresClient<unknown> | PgPool<PgPooled>

/** @throws SEMEL_OPTION_INVALID */
export function clientOf(given: AnyClient, dialect: Dialect, where: string): SqlClient {
  if (isConnector(given)) return managedClient(given, { ...dialect, where, refuse: refuseOurs })
  if (isPostgresJs(given)) return rawClient(postgresJsPool(given), dialect, where)
  const what = 'postgresStore needs a Pool of pg, a sql of postgres, or a connector of semel/orm'
  needs(given, ['connect'], what)
  return rawClient(pgPool(given), dialect, where)
}
