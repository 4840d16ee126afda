import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { SemelError } from 'semel'
import { memoryStore } from 'semel/memory'
import { encodeScope, identityOf, rawIdentity } from '../../src/inbox/identity.ts'
import { failing, leaseFor, lossyCommit, passed } from './faulty-stores.ts'
import { ledger, room, until } from './kit.ts'

const unnamed = { tag: undefined, key: undefined, headers: {} }
const terms = { leaseMs: 60_000, attemptsMax: 16 }

test('held by a live lease: waits a little, then gives back with the rest of the lease; nothing is counted', async (t) => {
  const r = room(t)
  const consumer = await r.consume(ledger, { heldWaitMs: 30 })
  const A = identityOf(encodeScope({ group: consumer.group, keyspace: 'orders' }), 'A')
  const lease = await leaseFor(r.store, A, { id: 'A' }, { ...terms, leaseMs: 300 })
  await r.send({ id: 'A' })
  await r.happened('held')
  await until(() => consumer.status().inHand === 0, 'given back')
  assert.deepEqual(await r.ledger(), [])
  await r.store.leases.settle(lease, { state: 'completed', result: undefined, keepMs: 60_000 })
  await r.happened('duplicate')
  assert.deepEqual(await r.ledger(), [])
})

test('a lease that a crash left behind is taken over alone, and its first start does not count', async (t) => {
  const r = room(t)
  const consumer = await r.consume(ledger)
  const A = identityOf(encodeScope({ group: consumer.group, keyspace: 'orders' }), 'A')
  await leaseFor(r.store, A, { id: 'A' }, { ...terms, leaseMs: 20 })
  await r.send({ id: 'A' })
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
  assert.equal((await r.records())['A']?.alone, true)
})

test('P15: a message whose lonely starts all crashed is buried with its body, without being run again', async (t) => {
  const r = room(t)
  const consumer = await r.consume(ledger, { attemptsMax: 2 })
  const A = identityOf(encodeScope({ group: consumer.group, keyspace: 'orders' }), 'A')
  await leaseFor(r.store, A, { id: 'A' }, { leaseMs: 1, attemptsMax: 9 }, true)
  await until(
    async () => (await r.store.leases.read([A]))[0]?.leftMs === -5 || passed(r.store, A),
    'ended',
  )
  await leaseFor(r.store, A, { id: 'A' }, { leaseMs: 1, attemptsMax: 9 }, true)
  await r.send({ id: 'A' })
  await r.happened('dead')
  assert.deepEqual(await r.ledger(), [])
  const dead = (await r.records())['A']
  assert.equal(dead?.reason, 'crashed')
  const shown = await r.store.inspector.show(A)
  assert.equal(Buffer.from(shown?.message?.body ?? []).toString(), '{"id":"A"}')
})

test('P14: a redelivered message that must run runs while nothing else does', async (t) => {
  const r = room(t)
  const running = new Set<string>()
  const beside: string[][] = []
  const first = await r.consume(() => new Promise(() => {}), { drainMs: 0 })
  await r.send({ id: 'suspect' })
  await until(() => first.status().running === 1, 'running')
  await first.stop()
  for (let at = 0; at < 20; at++) await r.send({ id: `${at}` })
  await r.consume(async (message, context) => {
    const { id } = message.body as { id: string }
    running.add(id)
    if (id === 'suspect') beside.push([...running])
    else if (running.has('suspect')) beside.push([...running])
    await new Promise((resolve) => setImmediate(resolve))
    running.delete(id)
    ledger(message, context)
  })
  await r.happened('applied', 21)
  assert.deepEqual(beside, [['suspect']])
  assert.equal((await r.records())['suspect']?.alone, true)
})

test('P13: what the inbox knows as completed is answered without running, though it is redelivered', async (t) => {
  const store = memoryStore()
  const r = room(t, store)
  const source = r.source({ holdMs: 100 })
  const ack = source.ack
  let lost = 1
  Object.assign(source, {
    ack: async (...given: Parameters<typeof ack>) => {
      if (lost-- > 0) throw new SemelError('SEMEL_STORE_UNAVAILABLE', 'the acknowledgement is lost')
      return ack(...given)
    },
  })
  await r.send({ id: 'A' })
  await r.consume(ledger, { source })
  await r.happened('duplicate')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
  assert.ok(r.events.includes('source-unavailable'))
  const list = await store.inspector.list({ limit: 9 })
  assert.equal(list.length, 1, 'what guarded the decoding is gone')
})

test('P18: a body that killed its decoder as often as allowed is buried by its bytes', async (t) => {
  const r = room(t)
  const body = '{"id":"A"}'
  const first = await r.consume(() => new Promise(() => {}), { drainMs: 0 })
  const id = await r.send(Buffer.from(body))
  await until(() => first.status().running === 1, 'running')
  await first.stop()
  const scope = encodeScope({ group: first.group, keyspace: 'orders' })
  const raw = rawIdentity(scope, { ...unnamed, topic: 'orders', id, body: Buffer.from(body) })
  for (let start = 1; start <= 2; start++) {
    const request = {
      ...raw,
      fingerprint: Uint8Array.of(0),
      claimId: randomBytes(16),
      alone: true,
      by: 'delivery',
    } as const
    await r.store.leases.claim([request], { leaseMs: 1, attemptsMax: 9 })
    await until(() => passed(r.store, raw), 'the lease has ended')
  }
  let decoded = 0
  await r.consume(ledger, {
    attemptsMax: 2,
    decode: () => {
      decoded++
      return { id: 'A' }
    },
  })
  await r.happened('dead')
  assert.equal(decoded, 0)
  const [dead] = await r.store.inspector.list({ state: 'dead', limit: 9 })
  assert.equal(dead?.reason, 'crashed')
})

for (const landed of [true, false])
  test(`unknown: COMMIT ${landed ? 'landed' : 'did not land'} and its answer is lost: asked again, applied once`, async (t) => {
    const store = memoryStore()
    const r = room(t, lossyCommit(store, landed))
    await r.send({ id: 'A' })
    await r.consume(ledger)
    await r.happened('unknown')
    await r.happened(landed ? 'duplicate' : 'applied')
    assert.deepEqual(await r.ledger(), ['A attempt 1'])
    assert.equal((await r.records())['A']?.state, 'completed')
    assert.ok(!r.events.includes('failed'), 'never treated as failed')
  })

for (const code of [
  'SEMEL_STORE_CONTENDED',
  'SEMEL_STORE_UNAVAILABLE',
  'SEMEL_STORE_FULL',
] as const)
  test(`${code}: kept and tried again until it works; no attempt is counted`, async (t) => {
    const store = memoryStore()
    let away = 5
    const r = room(
      t,
      failing(store, code, () => away-- > 0),
    )
    await r.send({ id: 'A' })
    const consumer = await r.consume(ledger)
    await r.happened('applied')
    assert.deepEqual(await r.ledger(), ['A attempt 1'])
    assert.deepEqual(consumer.status().waitingFor, [])
  })

test('while the store is away nothing more is pulled, and what is held stays ours', async (t) => {
  const store = memoryStore()
  let away = true
  const r = room(
    t,
    failing(store, 'SEMEL_STORE_UNAVAILABLE', () => away),
  )
  await r.send({ id: 'A' })
  const consumer = await r.consume(ledger, { source: r.source({ holdMs: 100 }) })
  await r.happened('store-unavailable', 5)
  for (let at = 0; at < 10; at++) await r.send({ id: `${at}` })
  await r.happened('store-unavailable', 7)
  assert.ok(consumer.status().waitingFor.includes('store'))
  assert.equal(consumer.status().inHand, 1)
  away = false
  await r.happened('applied', 11)
})

test('a broken invariant stops the consumer and leaves the delivery unacknowledged', async (t) => {
  const store = memoryStore()
  let broken = true
  const r = room(
    t,
    failing(store, 'SEMEL_INVARIANT_BROKEN', () => broken),
  )
  await r.send({ id: 'A' })
  const consumer = await r.consume(ledger)
  const ended = await consumer.ended
  assert.equal((ended?.error as SemelError | undefined)?.code, 'SEMEL_INVARIANT_BROKEN')
  assert.equal(consumer.status().state, 'stopped')
  broken = false
  await r.consume(ledger)
  await r.happened('applied')
})

test('a store that is closed under way stops the consumer with a code, and nothing is lost', async (t) => {
  const store = memoryStore()
  const r = room(t, store)
  const consumer = await r.consume(ledger)
  await store.close()
  await r.send({ id: 'A' })
  const ended = await consumer.ended
  assert.equal((ended?.error as SemelError | undefined)?.code, 'SEMEL_STORE_CLOSED')
})

test('fenced: what ran too long is rolled back, and the newer owner settles it', async (t) => {
  const r = room(t)
  const first = await r.consume(() => new Promise(() => {}), { drainMs: 0 })
  await r.send({ id: 'A' })
  await until(() => first.status().running === 1, 'running')
  await first.stop()
  const A = identityOf(encodeScope({ group: first.group, keyspace: 'orders' }), 'A')
  await r.consume(
    async (message, context) => {
      ledger(message, context)
      if (context.attempt > 1) return
      await r.store.inspector.act(A, { kind: 'release', who: 'test', why: 'takes it away' })
    },
    { heldWaitMs: 1_000 },
  )
  await r.happened('fenced')
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 2'])
})

test('a store whose transactions are contended for good never loses the message', async (t) => {
  const store = memoryStore()
  let contended = 25
  const r = room(
    t,
    failing(store, 'SEMEL_STORE_CONTENDED', () => contended-- > 0),
  )
  await r.send({ id: 'A' })
  await r.consume(ledger)
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
})
