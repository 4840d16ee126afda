import assert from 'node:assert/strict'
import test from 'node:test'
import { semel, SemelError } from 'semel'
import { memoryStore } from 'semel/memory'
import { sharded } from 'semel/sharding'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { ledger, room, until } from './kit.ts'
import { byName, inTime, ledgerIn, three } from './sharded-kit.ts'
import { names } from './sharded-maps.ts'

const coded = (code: string) => (error: unknown) =>
  error instanceof SemelError && error.code === code

test('record and effect of each message are in the shard of its key, in batches of one shard each', async (t) => {
  const stores = three()
  const { send, consume, events } = room(t, sharded(stores, { by: byName }))
  const ids = Array.from({ length: 90 }, (_, at) => `${names[at % 3]}-${at}`)
  for (const id of [...ids, ...ids.slice(0, 30)]) await send({ id })
  await consume(ledger)
  await until(() => events.filter((one) => one === 'applied').length === 90, '90 applied')
  await until(() => events.filter((one) => one === 'duplicate').length === 30, '30 duplicates')
  for (const name of names) {
    const own = ids.filter((id) => id.startsWith(name)).map((id) => `${id} attempt 1`)
    assert.deepEqual((await ledgerIn(stores[name])).toSorted(), own.toSorted())
    const counts = await stores[name].inspector.count('points')
    assert.deepEqual(counts, [], 'the group of the room is another one')
    const records = await stores[name].inspector.list({ limit: 1_000, state: 'completed' })
    // One more says what the shard is called.
    assert.equal(records.length, own.length + 1)
  }
})

const many = Array.from({ length: 20 }, (_, at) => at)

test('what failed is parked in its shard and tried again from there', async (t) => {
  const stores = three()
  const { send, consume } = room(t, sharded(stores, { by: byName }))
  for (const name of names) for (const at of many) await send({ id: `${name}-${at}` })
  await consume(
    (message, context) => {
      if (context.attempt === 1) throw new Error('out of stock')
      return ledger(message, context)
    },
    { circuitFailures: 1_000 },
  )
  for (const name of names) {
    await until(async () => (await ledgerIn(stores[name])).length === 20, `20 in ${name}`)
    const lines = (await ledgerIn(stores[name])).toSorted()
    assert.deepEqual(lines, many.map((at) => `${name}-${at} attempt 2`).toSorted())
  }
})

test('an order whose messages belong to two shards stops the consumer, and acknowledges nothing of it (P28)', async (t) => {
  const stores = three()
  const { send, consume } = room(t, sharded(stores, { by: byName }))
  const consumer = await consume(ledger, {
    orderedBy: (message) => (message.body as never)['account'],
  })
  await send({ id: 'a-1', account: 7 })
  await until(async () => (await ledgerIn(stores.a)).length === 1, 'the first one')
  await send({ id: 'b-1', account: 7 })
  const ended = await inTime(consumer.ended)
  assert.ok(coded('SEMEL_SHARD_LANE')(ended?.error), String(ended?.error))
  assert.deepEqual(await ledgerIn(stores.b), [])
  assert.equal((await stores.b.inspector.list({ limit: 10, state: 'dead' })).length, 0)
})

test('an order within each shard is kept over failures (P23)', async (t) => {
  const stores = three()
  const { send, consume } = room(t, sharded(stores, { by: byName }))
  let failures = 3
  for (const at of [1, 2, 3, 4, 5])
    for (const name of names) await send({ id: `${name}-${at}`, lane: name })
  await consume(
    (message, context) => {
      const { id } = message.body as { readonly id: string }
      if (id.endsWith('-2') && failures-- > 0) throw new Error('out of stock')
      return ledger(message, context)
    },
    { orderedBy: (message) => (message.body as never)['lane'] },
  )
  for (const name of names) {
    await until(async () => (await ledgerIn(stores[name])).length === 5, `5 in ${name}`)
    const order = (await ledgerIn(stores[name])).map((line) => line.slice(0, 3))
    assert.deepEqual(
      order,
      [1, 2, 3, 4, 5].map((at) => `${name}-${at}`),
    )
  }
})

test('a key for which there is no shard is no usable key: its message is dead, and says why', async (t) => {
  const store = sharded(three(), { by: byName })
  const { send, consume, happened } = room(t, store)
  await consume(ledger)
  await send({ id: 'x-1' })
  await happened('dead')
  const [dead] = await store.inspector.list({ limit: 10, state: 'dead' })
  assert.equal(dead?.reason, 'no-key')
  assert.match(dead.detail ?? '', /by\(\) answers "x" for key x-1; the shards are a, b, c/)
})

test('run() is in the shard of its key, and runIn() refuses a transaction on another one', async () => {
  const stores = three()
  const points = semel({ group: 'points', store: sharded(stores, { by: byName }) })
  const first = await points.run('a-1', ({ tx }) => {
    tx.set('ledger', '1', 'a-1')
    return { total: 30 }
  })
  assert.deepEqual(await points.run('a-1', () => ({ total: 31 })), first)
  assert.deepEqual(await ledgerIn(stores.a), ['a-1'])
  await stores.b.transactions?.open(async (open) => {
    const { tx } = open.forHandler()
    await points.runIn(tx, 'b-1', (own) => {
      own.tx.set('ledger', '1', 'b-1')
      return 1
    })
    await assert.rejects(
      points.runIn(tx, 'c-1', () => 1),
      coded('SEMEL_SHARD_WRONG'),
    )
  })
  assert.deepEqual(await ledgerIn(stores.b), ['b-1'])
  assert.equal(await points.run('b-1', () => 2), 1)
})

test('a transaction takes no record of another shard', async () => {
  const store = sharded(three(), { by: byName })
  await store.prepare()
  const scope = encodeScope({ group: 'points', keyspace: 'orders' })
  const outcome = { state: 'completed', result: undefined, keepMs: 1_000 } as const
  const record = { ...identityOf(scope, 'b-1'), fingerprint: new Uint8Array([0]), outcome }
  const opening = store.transactions?.open(({ insert }) => insert([record]), {
    messages: 1,
    interleaved: false,
    of: identityOf(scope, 'a-1'),
  })
  await assert.rejects(opening ?? Promise.resolve(), coded('SEMEL_SHARD_WRONG'))
})

test('stores that were swapped, and two names for one database, are refused at the start', async () => {
  const stores = three()
  await sharded(stores, { by: byName }).prepare()
  const swapped = sharded({ ...stores, a: stores.b, b: stores.a }, { by: byName })
  await assert.rejects(swapped.prepare(), coded('SEMEL_SHARD_WRONG'))
  await sharded(stores, { by: byName }).prepare()
  const one = memoryStore()
  await assert.rejects(async () => {
    const twice = { a: one, b: one }
    await sharded(twice, { by: () => 'a' as const }).prepare()
    await sharded(twice, { by: () => 'a' as const }).prepare()
  }, coded('SEMEL_SHARD_WRONG'))
})

test('numbers reach by() as their digits, tuples in parts, and what is stored as a digest does not reach it', async () => {
  const stores = three()
  const seen: unknown[] = []
  const store = sharded(stores, {
    by: (key) => {
      seen.push(key)
      return 'a'
    },
  })
  const points = semel({ group: 'points', store })
  for (const key of [17, 17n, '17', ['paid', 17] as const]) await points.run(key, () => 1)
  const distinct = new Set(seen.map((key) => JSON.stringify(key)))
  assert.deepEqual([...distinct].toSorted(), ['["17"]', '["paid","17"]'])
  const before = seen.length
  for (let at = 0; at < 30; at++) await points.run(`${at}`.padEnd(300, '-'), () => 1)
  assert.equal(seen.length, before)
  const counts = await Promise.all(names.map((name) => stores[name].inspector.count('points')))
  for (const [count] of counts) assert.ok((count?.records ?? 0) > 0, 'digests are spread over all')
})
