import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2/promise'
import { semel, type Store } from 'semel'
import { migrateMysql, mysqlStore, type MysqlStoreOptions } from 'semel/mysql'
import { serverFor, type Server } from '../servers/server.ts'

/** Both servers that speak this protocol. */
export const servers = ['mariadb', 'mysql'] as const

type Door = ReturnType<typeof semel<PoolConnection>>
type Row = Readonly<Record<string, unknown>>

/** A database of the test's own, gone after it. */
export interface Shop {
  readonly server: Server
  readonly database: string
  readonly pool: Pool
  /** A pool by another way, or with other settings; ended with the test. */
  poolOf(options: PoolOptions): Pool
  store(pool?: Pool, options?: MysqlStoreOptions): Promise<Store<PoolConnection>>
  door(pool?: Pool, options?: MysqlStoreOptions): Promise<Door>
  rows(sql: string): Promise<readonly Row[]>
}

/** With the tables, and one of the user's: `points (id, n)`. Undefined: there is no server, and the test is skipped. */
export async function shop(
  t: TestContext,
  name: (typeof servers)[number],
): Promise<Shop | undefined> {
  const server = await serverFor(t, name)
  if (server === undefined) return undefined
  const database = `semel_test_${randomBytes(6).toString('hex')}`
  const pools: Pool[] = []
  function poolOf(options: PoolOptions): Pool {
    const pool = createPool({ uri: server?.url ?? '', connectionLimit: 4, ...options })
    pool.pool.on('connection', (connection) => {
      connection.query("set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")
    })
    pools.push(pool)
    return pool
  }
  const first = poolOf({})
  await first.query(`create database ${database}`)
  const pool = poolOf({ database })
  await migrateMysql(pool)
  await pool.query('create table points (id int primary key, n int not null) engine = InnoDB')
  t.after(async () => {
    // First the others: what a failed test has left open would keep the tables.
    await Promise.all(pools.filter((one) => one !== first).map((one) => one.end()))
    await first.query(`drop database ${database}`)
    await first.end()
  })
  async function store(
    from = pool,
    options: MysqlStoreOptions = {},
  ): Promise<Store<PoolConnection>> {
    const made = mysqlStore(from, options)
    await made.prepare()
    return made
  }
  return {
    server,
    database,
    pool,
    poolOf,
    store,
    door: async (from, options) =>
      semel({ group: 'points', store: await store(from, options), heldWaitMs: 0 }),
    async rows(sql) {
      const [rows] = await pool.query(sql)
      return (rows as Row[]).map((row) => ({ ...row }))
    },
  }
}

/** Two rows that two transactions can lock in opposite orders. */
export async function twoRows({ pool }: Shop): Promise<void> {
  await pool.query('insert into points values (1, 0), (2, 0)')
}
