import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Delivery, semel, SemelError, type Source } from 'semel'
import { memoryStore } from 'semel/memory'
import { sharded } from 'semel/sharding'
import { encodeOrigin, encodeScope, identityOf, rawIdentity } from '../../src/inbox/identity.ts'
import { ledger, room, until } from './kit.ts'
import { byName, cuttable, ledgerIn, three } from './sharded-kit.ts'
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

test('what failed is parked in its shard and tried again from there', async (t) => {
  const stores = three()
  const { send, consume } = room(t, sharded(stores, { by: byName }))
  for (const name of names) for (const at of [1, 2, 3]) await send({ id: `${name}-${at}` })
  await consume((message, context) => {
    if (context.attempt === 1) throw new Error('out of stock')
    return ledger(message, context)
  })
  for (const name of names) {
    await until(async () => (await ledgerIn(stores[name])).length === 3, `3 in ${name}`)
    const lines = (await ledgerIn(stores[name])).toSorted()
    assert.deepEqual(
      lines,
      [1, 2, 3].map((at) => `${name}-${at} attempt 2`),
    )
  }
})

/** A consumer that has seen enough to hold many messages at once, and then loses a shard. */
async function consumingWithoutB(t: TestContext, isSuspect: (id: string) => boolean = () => false) {
  const stores = three()
  const away = cuttable(stores.b)
  const store = sharded({ ...stores, b: away.store }, { by: byName })
  const { source, ...one } = room(t, store)
  // What is not decoded yet is counted under its bytes, on whichever shard they fall.
  const isMarked = ({ message }: Delivery): boolean =>
    isSuspect(idOf(message)) && store.shards?.of(rawIdentity(new Uint8Array(), message)) !== 'b'
  const consumer = await one.consume(ledger, { source: marking(source(), isMarked) })
  for (let at = 0; at < 50; at++) await one.send({ id: `c-warm-${at}` })
  await until(async () => (await ledgerIn(stores.c)).length === 50, 'warm')
  away.cut()
  return { ...one, stores, away, consumer }
}

/** Says of some deliveries that they came before. */
function marking(source: Source, isMarked: (delivery: Delivery) => boolean): Source {
  const marked = (one: Delivery): Delivery => Object.assign(one, { redelivered: isMarked(one) })
  return { ...source, pull: async (...given) => (await source.pull(...given)).map(marked) }
}

function idOf({ body }: Delivery['message']): string {
  return (JSON.parse(Buffer.from(body).toString()) as { readonly id: string }).id
}

test('while one shard is away its messages wait, those of the others go on, and nothing is lost or done twice', async (t) => {
  const { send, stores, away, consumer } = await consumingWithoutB(t)
  for (let at = 0; at < 20; at++) await send({ id: `${names[at % 2]}-${at}` })
  await until(async () => (await ledgerIn(stores.a)).length === 10, '10 in a')
  for (let at = 20; at < 40; at++) await send({ id: `c-${at}` })
  await until(async () => (await ledgerIn(stores.c)).length === 70, '70 in c')
  assert.deepEqual(await ledgerIn(stores.b), [])
  assert.equal(consumer.status().inHand, 10)
  away.mend()
  await until(async () => (await ledgerIn(stores.b)).length === 10, '10 in b')
  await until(() => consumer.status().inHand === 0, 'all are acknowledged')
  assert.equal((await ledgerIn(stores.a)).length, 10)
})

test('suspects of one shard run alone while another shard is away (P14)', async (t) => {
  const { send, stores, away, consumer, events } = await consumingWithoutB(t, (id) => id[0] === 'a')
  for (let at = 0; at < 10; at++) await send({ id: `b-${at}` })
  await until(() => consumer.status().inHand === 10, '10 of b in hand')
  const suspects = Array.from({ length: 12 }, (_, at) => ({ body: { id: `a-${at}` } }))
  for (const { body } of suspects) await send(body)
  await until(async () => (await ledgerIn(stores.a)).length > 0, 'the first of a')
  assert.deepEqual(await ledgerIn(stores.b), [])
  away.mend()
  await until(async () => (await ledgerIn(stores.b)).length === 10, 'b comes after')
  await until(async () => (await ledgerIn(stores.a)).length === 12, 'and all of a')
  assert.equal(events.filter((one) => one === 'applied').length, 72)
})

test('leases on other shards are renewed while one is away (P12)', async (t) => {
  const stores = three()
  const away = cuttable(stores.b)
  const store = sharded({ ...stores, b: away.store }, { by: byName })
  await store.prepare()
  const scope = encodeScope({ group: 'points', keyspace: 'orders' })
  const fingerprint = new Uint8Array([0])
  const requests = ['a-1', 'b-1'].map((key, at) => ({
    ...identityOf(scope, key),
    fingerprint,
    claimId: new Uint8Array(16).fill(at + 1),
    alone: false,
    by: 'run' as const,
  }))
  const claims = await store.leases.claim(requests, { leaseMs: 60_000, attemptsMax: 3 })
  const leases = claims.flatMap((claim) => (claim.kind === 'granted' ? [claim.lease] : []))
  away.cut()
  assert.deepEqual(await store.leases.renew(leases, 60_000), ['renewed', 'unknown'])
  away.mend()
  assert.deepEqual(await store.leases.renew(leases, 60_000), ['renewed', 'renewed'])
  t.after(() => store.close())
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
  const ended = await consumer.ended
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

test('an operator sees all shards as one: newest first, page by page, and acts wherever a record is', async () => {
  const stores = three()
  const store = sharded(stores, { by: byName })
  await store.prepare()
  const scope = encodeScope({ group: 'points', keyspace: 'orders' })
  const ids = Array.from({ length: 12 }, (_, at) => `${names[at % 3]}-${at}`)
  for (const id of ids) {
    const identity = identityOf(scope, id)
    const outcome = { state: 'dead', reason: 'permanent', detail: id, message: undefined } as const
    await store.leases.insert([{ ...identity, fingerprint: new Uint8Array([0]), outcome }])
    const before = performance.now()
    await until(() => performance.now() > before + 1, 'the next millisecond')
  }
  const page = async (offset: number): Promise<readonly (string | undefined)[]> =>
    (await store.inspector.list({ limit: 5, offset })).map(({ detail }) => detail)
  const pages = [...(await page(0)), ...(await page(5)), ...(await page(10))]
  assert.deepEqual(pages, ids.toReversed())
  assert.deepEqual(await store.inspector.count('points'), [{ scope, state: 'dead', records: 12 }])
  const who = { who: 'Zoë', why: 'test' }
  await store.inspector.act(identityOf(scope, 'c-2'), { kind: 'forget', ...who })
  assert.equal((await stores.c.inspector.count('points'))[0]?.records, 3)
  // By whatever map it came there.
  const stray = { ...identityOf(scope, 'b-99'), fingerprint: new Uint8Array([0]) }
  const outcome = { state: 'dead', reason: 'permanent', detail: '', message: undefined } as const
  await stores.a.leases.insert([{ ...stray, outcome }])
  assert.equal((await store.inspector.show(stray))?.record.state, 'dead')
})

test('due are the messages of all shards, the longest waiting first, a lane in one piece', async () => {
  const stores = three()
  const store = sharded(stores, { by: byName })
  await store.prepare()
  const scope = encodeScope({ group: 'points', keyspace: 'orders' })
  const origin = encodeOrigin({ group: 'points', topic: 'orders' })
  const lane = new Uint8Array([...origin, 1])
  for (const [id, own] of [['b-1', lane], ['a-1'], ['c-1'], ['b-2', lane], ['a-2']] as const) {
    const message = {
      origin,
      id,
      topic: 'orders',
      tag: undefined,
      key: undefined,
      headers: {},
      sentAtMs: undefined,
      body: new Uint8Array(3),
      lane: own,
    }
    const outcome = {
      state: 'failed',
      reason: 'failed',
      detail: '',
      retryInMs: 0,
      counted: true,
      message,
    } as const
    await store.leases.insert([
      { ...identityOf(scope, id), fingerprint: new Uint8Array([0]), outcome },
    ])
    const before = performance.now()
    await until(() => performance.now() > before + 2, 'the next millisecond')
  }
  const due = async (limit: number): Promise<readonly string[]> =>
    (await store.parking.due(origin, limit)).map(({ key }) =>
      Buffer.from(key.subarray(1)).toString(),
    )
  assert.deepEqual(await due(10), ['b-1', 'b-2', 'a-1', 'c-1', 'a-2'])
  assert.deepEqual(await due(2), ['b-1', 'b-2'])
  assert.deepEqual(await store.parking.usage('points'), {
    messages: 5,
    bytes: 15,
    dead: 0,
    perLane: 2,
  })
})
