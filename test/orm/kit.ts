import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { type Once, semel, type Store } from 'semel'
import { serverFor } from '../servers/server.ts'
import { grounds } from './grounds.ts'
import type { Library, Opened } from './libraries.ts'

/** A schema of its own with a store through a library, and a table of effects that refuses none. */
export interface House extends Opened {
  readonly url: string
  readonly schema: string
  readonly store: Store
  readonly points: Once<unknown>
  /** The statement of an effect. */
  effect(text: string): string
  /** Committed effects, sorted. */
  effects(): Promise<readonly string[]>
  /** Takes effects and records away. */
  clear(): Promise<void>
  /** States of committed records. */
  states(): Promise<readonly number[]>
}

export async function house(t: TestContext, library: Library): Promise<House | undefined> {
  const found = await serverFor(t, library.on)
  if (found === undefined) return undefined
  const { url } = found
  const schema = `semel_orm_${randomBytes(6).toString('hex')}`
  const ground = grounds[library.on](url)
  await ground.make(schema)
  await ground.ask(`create table ${schema}.effects (effect varchar(100) not null)`)
  const opened = await library.open(url)
  const store = ground.store(opened.client, schema)
  t.after(async () => {
    await store.close()
    await opened.end()
    await ground.drop(schema)
    await ground.end()
  })
  return {
    ...opened,
    url,
    schema,
    store,
    points: semel({ group: 'points', store }),
    effect: (text) => `insert into ${schema}.effects (effect) values ('${text}')`,
    async effects() {
      const rows = await ground.ask(`select effect from ${schema}.effects`)
      return rows.map(({ effect }) => String(effect)).toSorted()
    },
    async clear() {
      for (const table of ['effects', 'semel_inbox'])
        await ground.ask(`delete from ${schema}.${table}`)
    },
    async states() {
      const rows = await ground.ask(`select state from ${schema}.semel_inbox`)
      return rows.map(({ state }) => Number(state))
    },
  }
}
