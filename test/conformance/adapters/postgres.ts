import { randomBytes } from 'node:crypto'
import { Pool, type PoolClient } from 'pg'
import type { Store } from 'semel'
import { migratePostgres, postgresStore } from 'semel/postgres'
import type { OpenedStore, StoreAdapter } from 'semel/testing'
import { noteWithoutServer } from '../../not-run.ts'
import { server } from '../../servers/server.ts'

export const postgresStoreAdapter: StoreAdapter = {
  name: 'postgres',
  open: openStore,
  async notRun() {
    const found = await server('postgres')
    if (!('because' in found)) return undefined
    noteWithoutServer('postgres', found.because)
    return found.because
  },
}

async function openStore(): Promise<OpenedStore> {
  const found = await server('postgres')
  if ('because' in found) throw new Error(found.because)
  const schema = `semel_test_${randomBytes(6).toString('hex')}`
  const pools = [poolOf(found.url), poolOf(found.url)] as const
  const [pool, another] = pools
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool, { schema })
  await pool.query(`create table ${schema}.effects (key text primary key, value text not null)`)
  let nowMs = 1_767_225_600_000
  const stores: Store<PoolClient>[] = []
  async function open(from: Pool): Promise<Store<PoolClient>> {
    const store = postgresStore(from, { schema, clock: { nowMs: () => nowMs } })
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
        await (tx as PoolClient).query(`insert into ${schema}.effects values ($1, $2)`, [
          key,
          value,
        ])
      },
      async read(key) {
        const { rows } = await pool.query(`select value from ${schema}.effects where key = $1`, [
          key,
        ])
        return rows[0]?.value
      },
    },
    callersTransaction: (work) => inCallersTransaction(pool, work),
    async reopen() {
      await store.close()
      return open(pool)
    },
    async close() {
      await Promise.all(stores.map((one) => one.close()))
      await pool.query(`drop schema ${schema} cascade`)
      await Promise.all(pools.map((one) => one.end()))
    },
  }
}

function poolOf(connectionString: string): Pool {
  return new Pool({ connectionString, max: 10 })
}

async function inCallersTransaction<R>(pool: Pool, work: (tx: unknown) => Promise<R>): Promise<R> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const answer = await work(client)
    await client.query('commit')
    return answer
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
