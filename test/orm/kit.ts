import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { Pool } from 'pg'
import { type Semel, semel, type Store } from 'semel'
import { migratePostgres, postgresStore } from 'semel/postgres'
import { serverFor } from '../servers/server.ts'
import type { Library, Opened } from './libraries.ts'

/** A schema of its own with a store through a library, and a table of effects that refuses none. */
export interface House extends Opened {
  readonly url: string
  readonly schema: string
  readonly store: Store
  readonly points: Semel<unknown>
  /** The statement of an effect. */
  effect(key: string): string
  /** Committed effects, in their order. */
  effects(): Promise<readonly string[]>
  /** States of committed records. */
  states(): Promise<readonly number[]>
}

export async function house(t: TestContext, library: Library): Promise<House | undefined> {
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return undefined
  const { url } = found
  const schema = `semel_orm_${randomBytes(6).toString('hex')}`
  const pool = new Pool({ connectionString: url, max: 1 })
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool, { schema })
  await pool.query(`create table ${schema}.effects (id serial, key text not null)`)
  await pool.query(`create table ${schema}.once (key text primary key)`)
  const opened = await library.open(url)
  const store = postgresStore(opened.client, { schema })
  t.after(async () => {
    await store.close()
    await opened.end()
    await pool.query(`drop schema ${schema} cascade`)
    await pool.end()
  })
  return {
    ...opened,
    url,
    schema,
    store,
    points: semel({ group: 'points', store }),
    effect: (key) => `insert into ${schema}.effects (key) values ('${key}')`,
    async effects() {
      const { rows } = await pool.query(`select key from ${schema}.effects order by id`)
      return rows.map(({ key }) => String(key))
    },
    async states() {
      const { rows } = await pool.query(`select state from ${schema}.semel_inbox order by key`)
      return rows.map(({ state }) => Number(state))
    },
  }
}
