import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { PoolClient } from 'pg'
import { createConsumer, semel, SemelError, type Store, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { sharded } from 'semel/sharding'
import { type Place, placeFor } from '../postgres/kit.ts'
import { until } from './kit.ts'
import { type Name, names, type Step, steps } from './sharded-maps.ts'

type Places = Readonly<Record<Name, Place>>

/** Three schemas, each as a database of its own to its pool. */
async function threePlaces(t: TestContext): Promise<Places | undefined> {
  const [a, b, c] = [await placeFor(t), await placeFor(t), await placeFor(t)]
  return a && b && c && { a, b, c }
}

async function storeAt({ a, b, c }: Places, step: Step): Promise<Store<PoolClient>> {
  const stores = { a: await a.store(), b: await b.store(), c: await c.store() }
  return sharded(stores, steps[step])
}

async function write(tx: Pick<PoolClient, 'query'>, line: string): Promise<string> {
  await tx.query('insert into ledger (line) values ($1)', [line])
  return line
}

const isWrong = (error: unknown): boolean =>
  error instanceof SemelError && error.code === 'SEMEL_SHARD_WRONG'

test('postgres: batches over three shards, each message once and in its shard', async (t) => {
  const places = await threePlaces(t)
  if (places === undefined) return
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'sharded' })
  const consumer = createConsumer({
    group: 'sharded-postgres',
    source: memorySource(queue, { topic: 'sharded' }),
    store: await storeAt(places, 'moved'),
    body: unchecked<{ readonly id: string }>(),
    key: ({ body }) => body.id,
    async handler({ body }, { tx }) {
      await write(tx, body.id)
    },
  })
  const ids = Array.from({ length: 120 }, (_, at) => `k-${at}`)
  for (const id of [...ids, ...ids.slice(60)]) await publisher.send({ body: { id } })
  await consumer.start()
  t.after(() => consumer.stop())
  const all = async (): Promise<readonly string[]> =>
    (await Promise.all(names.map((name) => places[name].ledger()))).flat()
  await until(async () => (await all()).length >= 120, '120 effects', 20_000)
  await until(() => consumer.status().inHand === 0, 'all are acknowledged', 20_000)
  assert.deepEqual((await all()).toSorted(), ids.toSorted())
  for (const id of await places.c.ledger()) assert.equal(Number(id.slice(2)) % 3, 0)
})

test('postgres: runIn() tells by the database on which shard a client is, and refuses another one', async (t) => {
  const places = await threePlaces(t)
  if (places === undefined) return
  const points = semel({ group: 'points', store: await storeAt(places, 'moved') })
  const inside = async (name: Name, work: (tx: PoolClient) => Promise<void>): Promise<void> => {
    const tx = await places[name].pool.connect()
    await tx.query('begin')
    await work(tx)
    await tx.query('commit')
    tx.release()
  }
  await inside('a', async (tx) => {
    await assert.rejects(
      points.runIn(tx, 'k-3', (own) => write(own.tx, 'no')),
      isWrong,
    )
    assert.equal(await points.runIn(tx, 'k-4', (own) => write(own.tx, 'k-4')), 'k-4')
  })
  await inside('c', async (tx) => {
    assert.equal(await points.runIn(tx, 'k-3', (own) => write(own.tx, 'k-3')), 'k-3')
  })
  assert.deepEqual(await Promise.all(names.map((name) => places[name].ledger())), [
    ['k-4'],
    [],
    ['k-3'],
  ])
  assert.equal(await points.run('k-3', () => 'again'), 'k-3')
})

test('postgres: of calls through both maps at once one takes effect, and the others get its result', async (t) => {
  const places = await threePlaces(t)
  if (places === undefined) return
  const doors = await Promise.all(
    (['aware', 'moving', 'aware', 'moving'] as const).map(async (step) =>
      semel({ group: 'points', store: await storeAt(places, step), heldWaitMs: 20_000 }),
    ),
  )
  const ids = Array.from({ length: 30 }, (_, at) => `k-${at * 3}`)
  // Few at a time: all stores of a schema share one small pool here.
  for (const id of ids) {
    const results = await Promise.all(doors.map((one) => one.run(id, ({ tx }) => write(tx, id))))
    assert.deepEqual(results, [id, id, id, id])
  }
  const all = (await Promise.all(names.map((name) => places[name].ledger()))).flat()
  assert.deepEqual(all.toSorted(), ids.toSorted())
})
