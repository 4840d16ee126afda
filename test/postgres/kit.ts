import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { Pool, type PoolClient, type PoolConfig } from 'pg'
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  eventNames,
  type EventName,
  type JsonValue,
  on,
  type Publisher,
  type Store,
} from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { migratePostgres, postgresStore, type PostgresStoreOptions } from 'semel/postgres'
import { serverFor } from '../servers/server.ts'

/** A schema of one test's own in the real server, with the tables of semel and a ledger of the user's. */
export interface Place {
  readonly url: string
  readonly schema: string
  readonly pool: Pool
  store(options?: PostgresStoreOptions): Promise<Store<PoolClient>>
  /** What the ledger holds, in the order in which it was written. */
  ledger(): Promise<readonly string[]>
}

/** Undefined where there is no server: the test is skipped then. */
export async function placeFor(t: TestContext, more: PoolConfig = {}): Promise<Place | undefined> {
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return undefined
  const schema = `semel_test_${randomBytes(6).toString('hex')}`
  const options = `-c search_path=${schema} ${more.options ?? ''}`
  const pool = new Pool({ connectionString: found.url, max: 10, ...more, options })
  pool.on('error', () => undefined)
  await pool.query(`create schema ${schema}`)
  await pool.query(
    'create table ledger (seq bigint generated always as identity, line text not null)',
  )
  await migratePostgres(pool)
  const stores: Store<PoolClient>[] = []
  t.after(async () => {
    for (const store of stores) await store.close()
    await pool.query(`drop schema ${schema} cascade`)
    await pool.end()
  })
  return {
    url: found.url,
    schema,
    pool,
    async store(options) {
      const store = postgresStore(pool, options)
      stores.push(store)
      await store.prepare()
      return store
    },
    async ledger() {
      const { rows } = await pool.query('select line from ledger order by seq')
      return rows.map(({ line }: { line: string }) => line)
    },
  }
}

export type Options = ConsumerOptions<PoolClient, JsonValue, 'A'>

/** A consumer of messages in memory over the store, and everything that it says. */
export interface Line {
  readonly publisher: Publisher
  readonly events: readonly { readonly name: EventName; readonly event: object }[]
  consume(options: Partial<Options>): Promise<Consumer>
  count(name: EventName): number
}

let lines = 0

export function lineOf(t: TestContext, store: Store<PoolClient>): Line {
  const queue = memoryQueue()
  const group = `points-${++lines}`
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  const events: { readonly name: EventName; readonly event: object }[] = []
  const consumers: Consumer[] = []
  const stops = eventNames.map((name) => on(name, (event) => events.push({ name, event })))
  t.after(async () => {
    for (const consumer of consumers) await consumer.stop()
    for (const stop of stops) stop()
    await publisher.close()
  })
  return {
    publisher,
    events,
    count: (wanted) => events.filter(({ name }) => name === wanted).length,
    async consume(options) {
      const consumer = createConsumer({
        group,
        source: memorySource(queue, { topic: 'orders' }),
        store,
        key: ({ body }: { body: { id: string } }) => body.id,
        ...options,
      } as unknown as Options)
      consumers.push(consumer)
      await consumer.start()
      return consumer
    },
  }
}

/** Writes the line of a message. */
export function note(tx: PoolClient, line: string): Promise<unknown> {
  return tx.query('insert into ledger (line) values ($1)', [line])
}

/** Waits for a condition, at most `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
