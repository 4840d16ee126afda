import type { SqlConnection } from '../sql/client.ts'
import { ours } from '../sql/outside.ts'
import type { RawPool } from '../sql/raw-connection.ts'
import { textOf } from './literal.ts'
import { ask, joined, type MysqlConnection, rawConnection } from './mysql-connection.ts'
import { type Server, serverOf } from './servers.ts'

/** What is used of a pool of `mysql2/promise`. */
export interface MysqlPool<C extends MysqlConnection = MysqlConnection> {
  getConnection(): Promise<C>
  /** The pool below it, with its settings. */
  readonly pool: object
}

/** Settings of the pool that matter. */
export interface PoolSettings {
  readonly connectionLimit?: number
  readonly connectionConfig?: { readonly multipleStatements?: boolean }
}

/** Which server it is; undefined before the first connection. */
export interface Known {
  server: Server | undefined
}

/** Transactions on `mysql2`: ours from the first statement to COMMIT. */
export function mysqlPool<C extends MysqlConnection>(pool: MysqlPool<C>, known: Known): RawPool<C> {
  const { connectionLimit = 10, connectionConfig = {} } = settingsOf(pool)
  const { multipleStatements = false } = connectionConfig

  async function acquire(): Promise<C> {
    const connection = await ours(() => pool.getConnection())
    if (known.server !== undefined) return connection
    try {
      const [row] = await ask(connection, 'select version() as version')
      known.server = serverOf(String(row?.['version']))
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    }
  }
  return {
    name: 'mysql2',
    pool: pool.pool,
    connectionsMax: connectionLimit,
    interleaves: false,
    async acquire() {
      const connection = await acquire()
      return rawConnection(connection, known.server as Server, multipleStatements)
    },
    join: (tx) => joined(tx as C),
    close: async () => undefined,
  }
}

/** Lends one connection, on which nothing is begun. */
export async function lend<R>(
  pool: MysqlPool,
  work: (connection: Pick<SqlConnection, 'query'>) => Promise<R>,
): Promise<R> {
  const connection = await ours(() => pool.getConnection())
  try {
    return await work({ query: (statement) => ask(connection, textOf(statement)) })
  } finally {
    connection.release()
  }
}

function settingsOf({ pool }: MysqlPool): PoolSettings {
  return (pool as { readonly config?: PoolSettings }).config ?? {}
}
