import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { createConsumer, type Message, on, unchecked } from 'semel'
import { leaseOnlyStore } from 'semel/memory'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import { marker } from 'semel/strategies'
import { type Handler, ledger, type Room, room, until } from './kit.ts'

const idOf = (message: Pick<Message<unknown>, 'body'>): string =>
  (message.body as { readonly id: string }).id
const orderedBy = (): string => 'one lane'
/** Keys that descend: an order by key is not the order of arrival. */
const descending = 'zyxwvutsrqponm'.split('')
const patient = {
  attemptsMax: 1_000,
  circuitFailures: 1_000,
  retryDelayMs: 20,
  retryDelayMsMax: 20,
}

async function applied(r: Room): Promise<readonly string[]> {
  return (await r.ledger()).map((line) => line.split(' ')[0] ?? '')
}

test('handlers of one lane are never under way together, whatever independentBy promises (P11)', async (t) => {
  const r = room(t)
  await r.send({ id: 'first' })
  let inside = 0
  let most = 0
  const handler: Handler = async (message, context) => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setImmediate(resolve))
    ledger(message, context)
    inside--
  }
  const values = { orderedBy, independentBy: idOf as never }
  const consumer = await r.consume(handler, { ...values, batchWaitMs: 100 })
  await r.happened('applied')
  consumer.pause()
  for (const id of descending) await r.send({ id })
  consumer.resume()
  await r.happened('applied', descending.length + 1)
  assert.equal(most, 1)
  assert.deepEqual(await applied(r), ['first', ...descending])
})

test('parked behind their head, messages keep the order in which they came, whatever their keys (P23)', async (t) => {
  const r = room(t)
  let down = true
  const handler: Handler = (message, context) => {
    if (down && idOf(message) === 'head') throw new Error('down')
    ledger(message, context)
  }
  await r.send({ id: 'head' })
  await r.consume(handler, { orderedBy, ...patient })
  await r.happened('parked')
  for (const id of descending) await r.send({ id })
  const count = descending.length + 1
  await until(async () => Object.keys(await r.records()).length === count, 'all parked')
  down = false
  await r.happened('applied', count)
  assert.deepEqual(await applied(r), ['head', ...descending])
})

/** A queue, a store and a table in one SQLite file. */
function shop(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'semel-lanes-'))
  const file = join(folder, 'shop.db')
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; create table line (seq integer primary key, id text) strict')
  const publisher = sqlitePublisher(file, { topic: 'steps' })
  const store = sqliteStore(file)
  t.after(async () => {
    await publisher.close()
    await store.close()
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const lines = (): readonly unknown[] =>
    db
      .prepare('select id from line order by seq')
      .all()
      .map(({ id }) => id)
  return { file, publisher, store, lines }
}

test('so it is in SQLite (P23)', async (t) => {
  const { file, publisher, store, lines } = shop(t)
  let down = true
  let parked = 0
  const stop = on('parked', ({ group }) => {
    if (group === 'descending') parked++
  })
  const consumer = createConsumer({
    group: 'descending',
    source: sqliteSource(file, { topic: 'steps' }),
    store,
    body: unchecked<{ id: string }>(),
    key: ({ body }) => body.id,
    orderedBy,
    ...patient,
    parkedPollMs: 20,
    handler({ body }, { tx }) {
      if (down && body.id === 'head') throw new Error('down')
      tx.prepare('insert into line (id) values (?)').run(body.id)
    },
  })
  t.after(async () => {
    stop()
    await consumer.stop()
  })
  await publisher.send({ body: { id: 'head' } })
  await consumer.start()
  await until(() => parked > 0, 'the head is parked')
  await publisher.sendBatch(descending.map((id) => ({ body: { id } })))
  const count = descending.length + 1
  const records = async (): Promise<number> => (await store.inspector.list({ limit: 100 })).length
  await until(async () => (await records()) === count, 'all parked')
  down = false
  await until(() => lines().length === count, 'all applied')
  assert.deepEqual(lines(), ['head', ...descending])
})

test('lanes hold where nothing goes in batches: handlers of one lane run one after another (P23)', async (t) => {
  const r = room(t, leaseOnlyStore() as never)
  for (const id of descending) await r.send({ id })
  const order: string[] = []
  let inside = 0
  let most = 0
  const handler: Handler = async (message) => {
    const id = idOf(message)
    most = Math.max(most, ++inside)
    // The first ones take the longest.
    for (let turns = descending.length - descending.indexOf(id); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve))
    order.push(id)
    inside--
  }
  const strategy = marker({ because: 'the order is what is looked at' })
  await r.consume(handler, { orderedBy, strategy: strategy as never })
  await until(() => order.length === descending.length, 'all')
  assert.equal(most, 1)
  assert.deepEqual(order, descending)
})
