import assert from 'node:assert/strict'
import test from 'node:test'
import { type Once, semel, SemelError, type Store } from 'semel'
import type { MemoryTransaction } from 'semel/memory'
import { type ShardedOptions, sharded } from 'semel/sharding'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { ledger, room, until } from './kit.ts'
import { inTime, ledgerIn, type MemoryShard, three } from './sharded-kit.ts'
import { type Name, names, type Step, steps, to, two } from './sharded-maps.ts'

const coded = (code: string) => (error: unknown) =>
  error instanceof SemelError && error.code === code

type Stores = Record<Name, MemoryShard>

function at(stores: Stores, step: Step): Store<MemoryTransaction> {
  return sharded(stores, steps[step])
}

function door(stores: Stores, step: Step): Once<MemoryTransaction> {
  return semel({ group: 'points', store: at(stores, step), heldWaitMs: 5_000 })
}

const write =
  (id: string) =>
  ({ tx }: { readonly tx: MemoryTransaction }): string => {
    tx.set('ledger', `${tx.all('ledger').length}`, id)
    return id
  }

async function everything(stores: Stores): Promise<readonly string[]> {
  return (await Promise.all(names.map((name) => ledgerIn(stores[name])))).flat().toSorted()
}

test('what is completed in its former shard is answered from there, and not done again', async () => {
  const stores = three()
  const former = door(stores, 'former')
  for (const id of ['k-3', 'k-4', 'k-6']) await former.run(id, write(id))
  for (const step of ['aware', 'moving'] as const)
    for (const id of ['k-3', 'k-4', 'k-6'])
      assert.equal(await door(stores, step).run(id, () => 'again'), id)
  assert.deepEqual(await everything(stores), ['k-3', 'k-4', 'k-6'])
  assert.deepEqual(await ledgerIn(stores.c), [])
})

test('what nobody knows is begun in its new shard, and found by those that use the former map', async () => {
  const stores = three()
  const moving = door(stores, 'moving')
  for (const id of ['k-3', 'k-4', 'k-6']) await moving.run(id, write(id))
  assert.deepEqual((await ledgerIn(stores.c)).toSorted(), ['k-3', 'k-6'])
  const aware = door(stores, 'aware')
  for (const id of ['k-3', 'k-4', 'k-6']) assert.equal(await aware.run(id, () => 'again'), id)
  assert.deepEqual(await everything(stores), ['k-3', 'k-4', 'k-6'])
})

test('the new map alone goes on with what has moved', async () => {
  const stores = three()
  await door(stores, 'moving').run('k-3', write('k-3'))
  assert.equal(await door(stores, 'moved').run('k-3', () => 'again'), 'k-3')
  assert.deepEqual(await everything(stores), ['k-3'])
})

test('a process that knows the former map alone does not take what has moved for done: it stops', async (t) => {
  const stores = three()
  await door(stores, 'moving').run('k-3', write('k-3'))
  await assert.rejects(
    door(stores, 'former').run('k-3', () => 'again'),
    coded('SEMEL_SHARD_MOVED'),
  )
  const mover = room(t, at(stores, 'moving'))
  const one = await mover.consume(ledger)
  await mover.send({ id: 'k-9' })
  await until(async () => (await ledgerIn(stores.c)).length === 2, 'k-9')
  await one.stop()
  const { send, consume } = mover
  await send({ id: 'k-9' })
  const consumer = await consume(ledger, { store: at(stores, 'former') })
  const ended = await inTime(consumer.ended)
  assert.ok(coded('SEMEL_SHARD_MOVED')(ended?.error), String(ended?.error))
  const again = await consume(ledger, { store: at(stores, 'aware') })
  await mover.happened('duplicate')
  await again.stop()
  assert.equal((await everything(stores)).length, 2)
})

test('a process that ends between the guard and the effect leaves a message that takes effect', async () => {
  const stores = three()
  const store = at(stores, 'moving')
  const identity = identityOf(encodeScope({ group: 'points', keyspace: '' }), 'k-3')
  assert.deepEqual(await store.shards?.home([identity]), ['c'])
  assert.equal(await door(stores, 'aware').run('k-3', write('k-3')), 'k-3')
  assert.deepEqual(await ledgerIn(stores.c), ['k-3'])
})

test('of calls through both maps at once one takes effect, and the others get its result', async () => {
  const stores = three()
  const doors = [door(stores, 'aware'), door(stores, 'moving'), door(stores, 'aware')]
  const ids = Array.from({ length: 60 }, (_, n) => `k-${n + 1}`)
  const begin = (id: string): Promise<unknown>[] => doors.map((one) => one.run(id, write(id)))
  const results = await Promise.all(ids.flatMap((id) => begin(id)))
  assert.deepEqual(
    results,
    ids.flatMap((id) => [id, id, id]),
  )
  assert.deepEqual(await everything(stores), ids.toSorted())
})

test('whoever is about to begin a key in its former shard when it is guarded there begins it in its new one', async () => {
  const stores = three()
  const identity = identityOf(encodeScope({ group: 'points', keyspace: '' }), 'k-3')
  const moving = at(stores, 'moving')
  const guardFirst = async (): Promise<unknown> => moving.shards?.home([identity])
  const { b } = stores
  const { transactions } = b
  assert.ok(transactions)
  const late: MemoryShard = {
    ...b,
    leases: { ...b.leases, claim: (...given) => guardFirst().then(() => b.leases.claim(...given)) },
    transactions: {
      ...transactions,
      open: (...given) => guardFirst().then(() => transactions.open(...given)),
    },
  }
  const aware = at({ ...stores, b: late }, 'aware')
  const fingerprint = new Uint8Array([0])
  const claimId = new Uint8Array(16).fill(1)
  const request = { ...identity, fingerprint, claimId, alone: false, by: 'run' } as const
  const [claim] = await aware.leases.claim([request], { leaseMs: 60_000, attemptsMax: 3 })
  assert.ok(claim?.kind === 'granted')
  assert.equal((await stores.c.leases.read([identity]))[0]?.state, 'leased')
  assert.equal(await aware.leases.release(claim.lease), 'released')
  const points = semel({ group: 'points', store: aware })
  assert.equal(await points.run('k-3', write('k-3')), 'k-3')
  assert.deepEqual(await ledgerIn(stores.c), ['k-3'])
})

test('what is parked in its former shard is served from there, by whichever map', async (t) => {
  for (const step of ['aware', 'moving'] as const) {
    const stores = three()
    const own = room(t, at(stores, 'former'))
    const failing = await own.consume(() => Promise.reject(new Error('out of stock')), {
      retryDelayMs: 60_000,
      retryDelayMsMax: 60_000,
    })
    for (const id of ['k-3', 'k-4', 'k-6']) await own.send({ id })
    await own.happened('parked', 3)
    await failing.stop()
    const store = at(stores, step)
    for (const record of await store.inspector.list({ limit: 10, state: 'failed' }))
      await store.inspector.act(record, { kind: 'redrive', who: 'Zoë', why: 'test' })
    const consumer = await own.consume(ledger, { store })
    await own.happened('applied', 3)
    await consumer.stop()
    assert.deepEqual(await ledgerIn(stores.c), [])
    assert.equal((await everything(stores)).length, 3)
  }
})

test('in an order a new message follows what is parked before it, into the former shard and into the new one (P23)', async (t) => {
  for (const [first, then, expected] of [
    ['former', 'moving', 'b'],
    ['moving', 'aware', 'c'],
  ] as const) {
    const stores = three()
    const own = room(t, at(stores, first))
    const lanes = { orderedBy: () => 'all that move' }
    const failing = await own.consume(() => Promise.reject(new Error('out of stock')), {
      ...lanes,
      retryDelayMs: 60_000,
      retryDelayMsMax: 60_000,
    })
    await own.send({ id: 'k-3' })
    await own.happened('parked')
    await failing.stop()
    const store = at(stores, then)
    const consumer = await own.consume(ledger, { ...lanes, store })
    await own.send({ id: 'k-9' })
    await own.happened('parked', 2)
    const [record] = await store.inspector.list({ limit: 10, state: 'failed', reason: 'failed' })
    assert.ok(record)
    await store.inspector.act(record, { kind: 'skip', who: 'Zoë', why: 'test' })
    await own.happened('applied')
    await consumer.stop()
    assert.deepEqual(await ledgerIn(stores[expected]), ['k-9 attempt 1'])
  }
})

test('what is parked where no map looks for it stops the consumer, which says what is missing', async (t) => {
  const stores = three()
  const own = room(t, at(stores, 'former'))
  const failing = await own.consume(() => Promise.reject(new Error('out of stock')))
  await own.send({ id: 'k-3' })
  await own.happened('parked')
  await failing.stop()
  const consumer = await own.consume(ledger, { store: at(stores, 'moved') })
  const ended = await inTime(consumer.ended)
  assert.ok(coded('SEMEL_SHARD_WRONG')(ended?.error), String(ended?.error))
})

test('runIn() is refused in the former shard once the new map is used, and in the new one for what is known in the former', async () => {
  const stores = three()
  await door(stores, 'former').run('k-3', write('k-3'))
  const moving = door(stores, 'moving')
  const aware = door(stores, 'aware')
  const inside = (name: Name, work: (tx: MemoryTransaction) => Promise<unknown>): unknown =>
    stores[name].transactions?.open(async (open) => work(open.forHandler().tx))
  const wrong = coded('SEMEL_SHARD_WRONG')
  await inside('c', (tx) => assert.rejects(moving.runIn(tx, 'k-3', write('no')), wrong))
  await inside('b', async (tx) => {
    assert.equal(await moving.runIn(tx, 'k-3', write('no')), 'k-3')
    await assert.rejects(moving.runIn(tx, 'k-9', write('no')), wrong)
    assert.equal(await aware.runIn(tx, 'k-9', write('k-9')), 'k-9')
  })
  await inside('c', (tx) => moving.runIn(tx, 'k-15', write('k-15')))
  assert.equal(await moving.run('k-9', () => 'again'), 'k-9')
  assert.equal(await aware.run('k-15', () => 'again'), 'k-15')
  assert.deepEqual(await everything(stores), ['k-15', 'k-3', 'k-9'])
})

test('guards are shown to nobody, and forgetting a record lets its message take effect again', async () => {
  const stores = three()
  const store = at(stores, 'moving')
  const moving = door(stores, 'moving')
  await moving.run('k-3', write('k-3'))
  const list = await store.inspector.list({ limit: 10 })
  assert.equal(list.length, 1)
  const [record] = list
  assert.ok(record)
  await store.inspector.act(record, { kind: 'forget', who: 'Zoë', why: 'test' })
  await moving.run('k-3', write('k-3'))
  assert.deepEqual(await ledgerIn(stores.c), ['k-3', 'k-3'])
})

test('maps that cannot be are refused', () => {
  const stores = three()
  const refused = (options: unknown, message: RegExp): void =>
    assert.throws(() => sharded(stores, options as ShardedOptions<Name>), message)
  refused({ by: 'a' }, /by must be a function/)
  refused({ by: two, shard: ['a'] }, /no option shard/)
  refused({ by: two, shards: ['a', 'x'] }, /no store for shard "x"/)
  refused({ by: two, shards: [] }, /list of names/)
  refused({ by: two, next: to }, /shards must say/)
  refused({ ...to, before: to, next: to }, /two steps/)
  refused({ ...to, before: { by: two, shards: ['z'] } }, /before: there is no store/)
  assert.throws(() => sharded({}, { by: () => 'a' as never }), /at least one store/)
})
