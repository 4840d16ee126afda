import { randomBytes } from 'node:crypto'
import { Pool } from 'pg'
import type { Store } from 'semel'
import { migratePostgres, postgresStore } from 'semel/postgres'
import type { OpenedStore, StoreAdapter } from 'semel/testing'
import { noteWithoutServer } from '../../not-run.ts'
import { server } from '../../servers/server.ts'
import type { Library, Opened } from '../../orm/libraries.ts'

/** A store on PostgreSQL through a library: its handlers write with what the library gives them. */
export function throughLibrary(library: Library): StoreAdapter & { end(): Promise<void> } {
  let begun: Promise<Both> | undefined
  return {
    name: `postgres-${library.name}`,
    open: async () => openStore(await (begun ??= openBoth(library))),
    async notRun() {
      const found = await server('postgres')
      if (!('because' in found)) return undefined
      noteWithoutServer('postgres', found.because)
      return found.because
    },
    async end() {
      await (await begun)?.end()
    },
  }
}

/** Two clients of the library, and what the tests themselves do; for all cases, each with a schema of its own. */
interface Both {
  readonly pool: Pool
  readonly opened: Opened
  readonly another: Opened
  end(): Promise<void>
}

async function openBoth(library: Library): Promise<Both> {
  const found = await server('postgres')
  if ('because' in found) throw new Error(found.because)
  const pool = new Pool({ connectionString: found.url, max: 2 })
  const [opened, another] = await Promise.all([library.open(found.url), library.open(found.url)])
  async function end(): Promise<void> {
    await Promise.all([opened.end(), another.end(), pool.end()])
  }
  return { pool, opened, another, end }
}

async function openStore({ pool, opened, another }: Both): Promise<OpenedStore> {
  const schema = `semel_test_${randomBytes(6).toString('hex')}`
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool, { schema })
  await pool.query(`create table ${schema}.effects (key text primary key, value text not null)`)
  let nowMs = 1_767_225_600_000
  const stores: Store[] = []
  async function open({ client }: Opened): Promise<Store> {
    const store = postgresStore(client, { schema, clock: { nowMs: () => nowMs } })
    stores.push(store)
    await store.prepare()
    return store
  }
  const store = await open(opened)
  return {
    store,
    second: await open(another),
    async passTime(ms) {
      nowMs += ms
    },
    effects: {
      async write(tx, key, value) {
        await opened.say(tx, `insert into ${schema}.effects values ('${key}', '${value}')`)
      },
      async read(key) {
        const text = `select value from ${schema}.effects where key = $1`
        const { rows } = await pool.query(text, [key])
        return rows[0]?.value
      },
    },
    callersTransaction: (work) => opened.transaction(work),
    async reopen() {
      await store.close()
      return open(opened)
    },
    async close() {
      await Promise.all(stores.map((one) => one.close()))
      await pool.query(`drop schema ${schema} cascade`)
    },
  }
}
