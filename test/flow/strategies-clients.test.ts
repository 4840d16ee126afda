import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { drizzle as drizzleOf } from 'drizzle-orm/node-postgres'
import knexOf from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { createConsumer, forwardedKey, type Message, semel, type Store } from 'semel'
import { memoryQueue, memorySource } from 'semel/memory'
import { drizzle } from 'semel/orm/drizzle'
import { knex } from 'semel/orm/knex'
import { kysely } from 'semel/orm/kysely'
import { migratePostgres, postgresStore } from 'semel/postgres'
import { uniqueRow } from 'semel/strategies'
import { serverFor } from '../servers/server.ts'
import { coded, lineOf, type Row, type Shop, type Tx } from './strategies-kit.ts'

interface Order {
  readonly id: string
}
const orders = uniqueRow({
  table: 'orders',
  unique: ['id'],
  of: ({ body }: Message<Order>) => ({ id: body.id }),
})

interface Place {
  readonly pool: Pool
  readonly url: string
  readonly schema: string
}

async function placeFor(t: TestContext, pipeline: boolean): Promise<Place | undefined> {
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return undefined
  const schema = `semel_strategies_${randomBytes(6).toString('hex')}`
  const options = { connectionString: found.url, options: `-c search_path=${schema}`, pipeline }
  const pool = new Pool(options)
  t.after(async () => {
    await pool.query(`drop schema ${schema} cascade`)
    await pool.end()
  })
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool)
  await pool.query('create table orders (id text primary key)')
  await pool.query("insert into orders values ('o3')")
  return { pool, url: found.url, schema }
}

/** What each client makes of a handler's transaction. */
const clients: readonly (readonly [name: string, open: (t: TestContext, place: Place) => Store])[] =
  [
    ['pg in a pipeline', (_, { pool }) => postgresStore(pool)],
    [
      'kysely',
      (_, { pool }) =>
        postgresStore(kysely(new Kysely({ dialect: new PostgresDialect({ pool }) }))),
    ],
    ['drizzle', (_, { pool }) => postgresStore(drizzle(drizzleOf(pool)))],
    [
      'knex',
      (t, { url, schema }) => {
        const db = knexOf({ client: 'pg', connection: url, searchPath: [schema] })
        t.after(() => db.destroy())
        return postgresStore(knex(db))
      },
    ],
  ]

for (const [name, open] of clients)
  test(`rows are guarded through the transaction of ${name}`, async (t) => {
    const place = await placeFor(t, name.includes('pipeline'))
    if (place === undefined) return
    const store = open(t, place) as unknown as Store<Tx>
    const line = lineOf<Order>(t, { store } as Shop)
    await line.send(...Array.from({ length: 30 }, (_, at) => ({ id: `o${at}` })))
    await line.consume({ strategy: orders, independentBy: ({ body }) => body.id })
    await line.happened(30, 'applied', 'passed')
    assert.equal(line.count('passed'), 1)
    const { rows } = await place.pool.query<Row>('select count(*)::integer as n from orders')
    assert.deepEqual(rows, [{ n: 30 }])
  })

test('beside effects elsewhere there is no transaction to guard a row in', () => {
  const effects = { charge: forwardedKey({ remembersMs: 1 }) }
  const store = postgresStore(new Pool())
  const refused = coded('SEMEL_OPTION_INVALID')
  assert.throws(() => semel({ group: 'g', store, strategy: orders, effects }), refused)
  const source = memorySource(memoryQueue(), { topic: 'orders' })
  const key = (message: Message<Order>): string => message.body.id
  const options = { group: 'g', source, store, strategy: orders, effects, key, handler: () => 1 }
  assert.throws(() => createConsumer(options as never), refused)
})
