import { SemelError } from '../errors/semel-error.ts'
import type { Isolation, SqlClient, SqlConnection } from '../sql/client.ts'
import { isConnector, needs, type SqlConnector } from '../sql/connector.ts'
import type { Dialect } from '../sql/dialect.ts'
import { managedClient } from '../sql/managed-client.ts'
import { rawClient } from '../sql/raw-client.ts'
import { mysqlDialect } from './dialect.ts'
import { type Known, lend, type MysqlPool, mysqlPool } from './mysql-pool.ts'
import { type Server, serverOf } from './servers.ts'
import { refuseOurs } from './sql-text.ts'

/** What a store on MariaDB or MySQL can be given: a pool of `mysql2`, with promises or without, or a connector. */
export type MysqlClient<Tx> = PoolOf<Tx> | { promise(): PoolOf<Tx> } | SqlConnector<Tx>

interface PoolOf<Tx> extends Pick<MysqlPool, 'pool'> {
  getConnection(): Promise<Tx>
}

/** What is made of it. */
export interface Opened<Tx> {
  readonly client: SqlClient<Tx>
  readonly dialect: Dialect
  /** What whoever asks for a connection comes by, to be watched. */
  readonly watched: object
  /** What the first connection, or the first start, finds out. */
  readonly known: Known
  /** Lends one connection, on which nothing was begun. */
  pinned<R>(work: (connection: Pick<SqlConnection, 'query'>) => Promise<R>): Promise<R>
}

const what = 'mysqlStore needs a Pool of mysql2, or a connector of semel/orm'

/** @throws SEMEL_OPTION_INVALID */
export function clientOf<Tx>(
  given: MysqlClient<Tx>,
  isolation: Isolation,
  where: string,
): Opened<Tx> {
  const known: Known = { server: undefined }
  const server = (): Server => known.server ?? serverOf('5.6.0')
  if (isConnector(given))
    return managed(given, mysqlDialect({ isolation, server, ownsSession: false }), known, where)
  const pool = promised(given) as unknown as MysqlPool
  const dialect = mysqlDialect({ isolation, server, ownsSession: true })
  const raw = mysqlPool(pool, known)
  return {
    client: rawClient(raw, dialect, where) as SqlClient<unknown> as SqlClient<Tx>,
    dialect,
    // Below both faces: whatever the user calls comes by there.
    watched: pool.pool,
    pinned: (work) => lend(pool, work),
    known,
  }
}

function managed<Tx>(
  connector: SqlConnector<Tx>,
  dialect: Dialect,
  known: Known,
  where: string,
): Opened<Tx> {
  const client = managedClient(connector, { ...dialect, where, refuse: refuseOurs })
  return {
    client,
    dialect,
    watched: connector,
    known,
    async pinned() {
      const text = 'migrateMysql needs a Pool of mysql2: a connector cannot lend one connection'
      throw new SemelError('SEMEL_OPTION_INVALID', text)
    },
  }
}

/** Of a pool with callbacks the face with promises. */
function promised(given: object): object {
  const { promise } = given as { readonly promise?: unknown }
  const pool: unknown = typeof promise === 'function' ? promise.call(given) : given
  needs(pool, ['getConnection'], what)
  if (typeof (pool as { readonly pool?: unknown }).pool !== 'object')
    throw new SemelError('SEMEL_OPTION_INVALID', `${what}: this one has no pool of mysql2 below it`)
  return pool as object
}
