import { randomBytes } from 'node:crypto'
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { Store } from 'semel'
import { migrateMysql, mysqlStore } from 'semel/mysql'
import type { OpenedStore, StoreAdapter } from 'semel/testing'
import { noteWithoutServer } from '../../not-run.ts'
import { server } from '../../servers/server.ts'

export const mariadbStoreAdapter: StoreAdapter = adapter('mariadb')
export const mysqlStoreAdapter: StoreAdapter = adapter('mysql')

function adapter(name: 'mariadb' | 'mysql'): StoreAdapter {
  return {
    name,
    open: () => openStore(name),
    async notRun() {
      const found = await server(name)
      if (!('because' in found)) return undefined
      noteWithoutServer(name, found.because)
      return found.because
    },
  }
}

async function openStore(name: 'mariadb' | 'mysql'): Promise<OpenedStore> {
  const found = await server(name)
  if ('because' in found) throw new Error(found.because)
  const database = `semel_test_${randomBytes(6).toString('hex')}`
  const pools = [strictPool(found.url), strictPool(found.url)] as const
  const [pool, another] = pools
  await pool.query(`create database ${database}`)
  await migrateMysql(pool, { database })
  await pool.query(
    `create table ${database}.effects (effect varbinary(300) primary key, value text not null) engine = InnoDB`,
  )
  let nowMs = 1_767_225_600_000
  const stores: Store<PoolConnection>[] = []
  async function open(from: Pool): Promise<Store<PoolConnection>> {
    const store = mysqlStore(from, { database, clock: { nowMs: () => nowMs } })
    stores.push(store)
    await store.prepare()
    return store
  }
  const store = await open(pool)
  return {
    store,
    second: await open(another),
    async passTime(ms) {
      nowMs += ms
    },
    effects: {
      async write(tx, key, value) {
        const insert = `insert into ${database}.effects values (?, ?)`
        await (tx as PoolConnection).query(insert, [key, value])
      },
      async read(key) {
        const select = `select value from ${database}.effects where effect = ?`
        const [rows] = await pool.query<RowDataPacket[]>(select, [key])
        return rows[0]?.['value']
      },
    },
    callersTransaction: (work) => inCallersTransaction(pool, work),
    async reopen() {
      await store.close()
      return open(pool)
    },
    async close() {
      await Promise.all(stores.map((one) => one.close()))
      await pool.query(`drop database ${database}`)
      await Promise.all(pools.map((one) => one.end()))
    },
  }
}

/** MySQL 5.6 is not strict by itself. */
export function strictPool(uri: string): Pool {
  const pool = createPool({ uri, connectionLimit: 10, multipleStatements: false })
  pool.pool.on('connection', (connection) => {
    connection.query("set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")
  })
  return pool
}

async function inCallersTransaction<R>(pool: Pool, work: (tx: unknown) => Promise<R>): Promise<R> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    const answer = await work(connection)
    await connection.commit()
    return answer
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    connection.release()
  }
}
