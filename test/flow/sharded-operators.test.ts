import assert from 'node:assert/strict'
import test from 'node:test'
import { sharded } from 'semel/sharding'
import { encodeOrigin, encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { until } from './kit.ts'
import { byName, three } from './sharded-kit.ts'
import { names } from './sharded-maps.ts'

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
    (await store.inspector.list({ limit: 2, offset })).map(({ detail }) => detail)
  const pages: unknown[] = []
  for (let offset = 0; offset < 14; offset += 2) pages.push(...(await page(offset)))
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
