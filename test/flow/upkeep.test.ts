import assert from 'node:assert/strict'
import test from 'node:test'
import { createConsumer, on, SemelError, type Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import { manualClock } from 'semel/testing'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { NewRecord } from '../../src/inbox/claim.ts'
import type { Outcome } from '../../src/inbox/record.ts'
import { scratch } from '../unit/sqlite-kit.ts'
import { ledger, room, until } from './kit.ts'

const scope = encodeScope({ group: 'old', keyspace: 'orders' })
const completed: Outcome = { state: 'completed', result: undefined, keepMs: 1_000 }
const dead: Outcome = { state: 'dead', reason: 'failed', detail: 'no', message: undefined }

async function remember(store: Store, records: number, outcome = completed): Promise<void> {
  const kept: NewRecord[] = Array.from({ length: records }, (_, at) => ({
    ...identityOf(scope, `${outcome.state}-${at}`),
    fingerprint: bodyFingerprint(new Uint8Array()),
    outcome,
  }))
  for (let at = 0; at < records; at += 1_000) await store.leases.insert(kept.slice(at, at + 1_000))
}

const left = async (store: Store): Promise<number> =>
  (await store.inspector.list({ group: 'old', limit: 100_000 })).length

/** A store that notes its prunes, and may answer some of them otherwise. */
function watched(
  store: Store<MemoryTransaction>,
  prune = (limit: number): Promise<number> => store.inspector.prune(limit),
): { readonly store: Store<MemoryTransaction>; readonly limits: number[] } {
  const limits: number[] = []
  const inspector = {
    ...store.inspector,
    prune: (limit: number) => (limits.push(limit), prune(limit)),
  }
  return { store: { ...store, inspector }, limits }
}

test('completed records are forgotten once their time has passed, dead ones never', async (t) => {
  const clock = manualClock()
  const r = room(t, memoryStore({ clock }))
  await remember(r.store, 10)
  await remember(r.store, 3, dead)
  await r.consume(ledger, { pruneEveryMs: 5 })
  clock.pass(999)
  await r.send({ id: 'a' })
  await r.happened('applied')
  assert.equal(await left(r.store), 13)
  clock.pass(1)
  await until(async () => (await left(r.store)) === 3, 'the completed ones are gone')
  await r.happened('pruned')
})

test('what has passed goes in steps of at most 1,000', async (t) => {
  const clock = manualClock()
  const { store, limits } = watched(memoryStore({ clock }))
  const r = room(t, store)
  await remember(store, 3_500)
  clock.pass(1_000)
  const told: number[] = []
  t.after(on('pruned', ({ records }) => told.push(records)))
  await r.consume(ledger, { pruneEveryMs: 5 })
  await until(() => told.length > 0, 'a round is over')
  assert.deepEqual(told, [3_500])
  assert.ok(limits.length >= 4)
  assert.deepEqual([...new Set(limits)], [1_000])
})

test('pruneEveryMs 0 leaves it to others', async (t) => {
  const { store, limits } = watched(memoryStore())
  const r = room(t, store)
  await r.consume(ledger, { pruneEveryMs: 0 })
  await r.send({ id: 'a' })
  await r.happened('applied')
  assert.deepEqual(limits, [])
})

test('consumers of one store in a process prune once, and each may stop without the others', async (t) => {
  const first = Promise.withResolvers<number>()
  t.after(() => first.resolve(0))
  const { store, limits } = watched(memoryStore(), () =>
    limits.length === 1 ? first.promise : Promise.resolve(0),
  )
  const rooms = [room(t, store), room(t, store), room(t, store)]
  const consumers = await Promise.all(rooms.map((r) => r.consume(ledger, { pruneEveryMs: 10 })))
  await until(() => limits.length === 1, 'one prunes')
  const beganMs = performance.now()
  for (const r of rooms) await r.send({ id: 'a' })
  for (const r of rooms) await r.happened('applied')
  await until(() => performance.now() > beganMs + 60, 'the others have had their chance')
  assert.equal(limits.length, 1, 'nobody else begins meanwhile')
  first.resolve(0)
  await until(() => limits.length > 1, 'it goes on')
  for (const consumer of consumers) {
    const before = limits.length
    await until(() => limits.length > before + 1, 'those that are left go on')
    await consumer.stop()
  }
})

test('an error of the store is told, and neither stops the consumer nor the pruning', async (t) => {
  const clock = manualClock()
  const real = memoryStore({ clock })
  let failures = 3
  const { store } = watched(real, (limit) =>
    failures-- > 0
      ? Promise.reject(new SemelError('SEMEL_STORE_UNAVAILABLE', 'gone'))
      : real.inspector.prune(limit),
  )
  const r = room(t, store)
  await remember(store, 5)
  clock.pass(1_000)
  const consumer = await r.consume(ledger, { pruneEveryMs: 2 })
  await r.happened('prune-failed', 3)
  await until(async () => (await left(store)) === 0, 'all are gone')
  await r.send({ id: 'a' })
  await r.happened('applied')
  assert.equal(consumer.status().state, 'running')
})

test('a file is pruned while messages are consumed, and keeps no record too long', async (t) => {
  const { file, keep } = scratch(t)
  const clock = manualClock()
  const store = keep(sqliteStore(file, { clock }))
  await remember(store, 5_000)
  clock.pass(1_000)
  const publisher = keep(sqlitePublisher(file, { topic: 'orders' }))
  await publisher.sendBatch(Array.from({ length: 500 }, (_, id) => ({ body: { id } })))
  const consumer = createConsumer({
    group: 'upkeep',
    source: sqliteSource(file, { topic: 'orders' }),
    store,
    key: (message) => message.id,
    handler: () => undefined,
    pruneEveryMs: 20,
  })
  let applied = 0
  t.after(on('applied', ({ group }) => void (group === 'upkeep' && applied++)))
  await consumer.start()
  t.after(() => consumer.stop())
  await until(async () => (await left(store)) === 0, 'all are gone')
  await until(() => applied === 500, 'all are applied')
  assert.equal((await store.inspector.list({ group: 'upkeep', limit: 1_000 })).length, 500)
})
