import assert from 'node:assert/strict'
import test from 'node:test'
import type { OutgoingMessage, Store } from 'semel'
import { memoryStore } from 'semel/memory'
import type { Publisher } from 'semel'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import {
  encodeOrigin,
  encodeScope,
  identityOf,
  mismatchedIdentity,
} from '../../src/inbox/identity.ts'
import type { Key } from '../../src/inbox/key.ts'
import type { Outcome, ParkedMessage, Reason } from '../../src/inbox/record.ts'
import { actOn, redriveAll } from '../../src/operate/acts.ts'
import { findRecord } from '../../src/operate/address.ts'
import { pruneRecords } from '../../src/operate/prune.ts'
import { listParked, listRecords, recordId } from '../../src/operate/records.ts'
import { type SendSettings, sendLines } from '../../src/operate/send.ts'

const scope = encodeScope({ group: 'points', keyspace: 'orders' })
const body = Buffer.from('{"orderId":"A"}')
const message: ParkedMessage = {
  origin: encodeOrigin({ group: 'points', topic: 'orders' }),
  id: 'm-1',
  topic: 'orders',
  tag: undefined,
  key: undefined,
  headers: {},
  sentAtMs: undefined,
  body,
  lane: undefined,
}
const dead = (reason: Reason): Outcome => ({ state: 'dead', reason, detail: 'why', message })
const failed: Outcome = {
  state: 'failed',
  reason: 'failed',
  detail: 'why',
  retryInMs: 60_000,
  counted: true,
  message,
}
const actor = { who: 'ada', why: 'test' }

async function put(store: Store, key: Key, outcome: Outcome, where = scope): Promise<void> {
  const identity = identityOf(where, key)
  await store.leases.insert([{ ...identity, fingerprint: bodyFingerprint(body), outcome }])
}

test('a record is found by its key as it is printed: text, tuple, bytes', async () => {
  const { inspector, ...store } = memoryStore()
  const keys: readonly Key[] = ['A-17', 'with/stroke', ['order', 17], Uint8Array.of(1, 255)]
  for (const key of keys) await put({ inspector, ...store }, key, dead('failed'))
  for (const [at, printed] of ['A-17', 'with/stroke', 'order/17', '0x01ff'].entries()) {
    const found = await findRecord(inspector, { key: printed, group: 'points' })
    assert.equal(recordId(found), recordId(identityOf(scope, keys[at])), printed)
  }
})

test('a record without a key of its own is found by what is printed, and by its id', async () => {
  const store = memoryStore()
  const other = mismatchedIdentity(identityOf(scope, 'A'), bodyFingerprint(body))
  await store.leases.insert([
    { ...other, fingerprint: bodyFingerprint(body), outcome: dead('mismatched') },
  ])
  const { records } = await listRecords(store.inspector, { limit: 9 })
  const [row] = records
  for (const address of [{ key: row?.key ?? '' }, { id: row?.id ?? '' }]) {
    const found = await findRecord(store.inspector, address)
    assert.equal(recordId(found), recordId(other))
  }
})

test('a hashed key is found by its id', async () => {
  const store = memoryStore()
  await put(store, 'x'.repeat(1_000), dead('failed'))
  const { records } = await listRecords(store.inspector, { limit: 9 })
  const found = await findRecord(store.inspector, { id: records[0]?.id.toUpperCase() ?? '' })
  assert.equal(recordId(found), records[0]?.id)
})

test('a key that several records have is refused with their ids', async () => {
  const store = memoryStore()
  await put(store, 'A', dead('failed'))
  await put(store, 'A', dead('failed'), encodeScope({ group: 'mails', keyspace: 'orders' }))
  await put(store, ['a', 'b'], dead('failed'))
  await put(store, 'a/b', dead('failed'))
  await assert.rejects(findRecord(store.inspector, { key: 'A' }), {
    code: 'SEMEL_USAGE',
    message: /name one with --id: [0-9a-f]{16} \(group points.*[0-9a-f]{16} \(group mails/,
  })
  await findRecord(store.inspector, { key: 'A', group: 'mails' })
  await assert.rejects(findRecord(store.inspector, { key: 'a/b' }), { code: 'SEMEL_USAGE' })
  await assert.rejects(findRecord(store.inspector, { key: 'B' }), { code: 'SEMEL_RECORD_MISSING' })
  await assert.rejects(findRecord(store.inspector, { id: 'zz' }), { code: 'SEMEL_USAGE' })
})

test('a page says whether there are more', async () => {
  const store = memoryStore()
  for (const key of ['a', 'b', 'c']) await put(store, key, dead('failed'))
  assert.equal((await listRecords(store.inspector, { limit: 2 })).more, true)
  assert.equal((await listRecords(store.inspector, { limit: 3 })).more, false)
  await put(store, 'p', failed)
  const parked = await listParked(store.inspector, { limit: 9 })
  assert.deepEqual(
    parked.records.map(({ key, parked: isParked }) => [key, isParked]),
    [['p', true]],
  )
})

test('everything with one reason is redriven, once, and nothing else', async () => {
  const store = memoryStore()
  for (let n = 0; n < 1_203; n++) await put(store, `c-${n}`, dead('crashed'))
  await put(store, 'other', dead('failed'))
  const { redriven, passed } = await redriveAll(store.inspector, { reason: 'crashed', ...actor })
  assert.equal(new Set(redriven).size, 1_203)
  assert.deepEqual(passed, [])
  const left = await listRecords(store.inspector, { state: 'dead', limit: 9 })
  assert.deepEqual(
    left.records.map(({ key }) => key),
    ['other'],
  )
})

test('a record that somebody else changed meanwhile is passed over', async () => {
  const store = memoryStore()
  await put(store, 'a', dead('failed'))
  const { inspector } = store
  const racing = {
    ...inspector,
    act: async (...[identity, act]: Parameters<typeof inspector.act>) => {
      await inspector.act(identity, { ...act, kind: 'skip' })
      await inspector.act(identity, act)
    },
  }
  const answer = await redriveAll(racing, actor)
  assert.deepEqual([answer.redriven.length, answer.passed.length], [0, 1])
})

test('an act needs a reason', async () => {
  const store = memoryStore()
  await put(store, 'a', dead('failed'))
  const act = { kind: 'skip', who: 'ada', why: ' ' } as const
  await assert.rejects(actOn(store.inspector, identityOf(scope, 'a'), act), { code: 'SEMEL_USAGE' })
  const done = await actOn(store.inspector, identityOf(scope, 'a'), { ...act, why: 'paid' })
  assert.equal(done?.state, 'completed')
})

test('prune stops at its limit, and at the end', async () => {
  const clock = { now: 0, nowMs: () => clock.now }
  const store = memoryStore({ clock })
  for (let n = 0; n < 1_500; n++)
    await put(store, n, { state: 'completed', result: undefined, keepMs: 1 })
  clock.now = 10
  assert.equal(await pruneRecords(store.inspector, 1_200), 1_200)
  assert.equal(await pruneRecords(store.inspector), 300)
  assert.equal(await pruneRecords(store.inspector), 0)
})

const settings: SendSettings = { topic: 'orders', name: 'in.ndjson', bare: false, batch: 2 }

/** Cut in odd places, as streams do. */
async function* pieces(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}

async function send(
  text: string | Uint8Array,
  more: Partial<SendSettings> = {},
): Promise<readonly (readonly OutgoingMessage[])[]> {
  const batches: (readonly OutgoingMessage[])[] = []
  const publisher = {
    sendBatch: async (batch: readonly OutgoingMessage[]) => {
      batches.push(batch)
      return batch.map(() => 'id')
    },
  } as unknown as Publisher
  const answer = await sendLines(publisher, pieces(text), { ...settings, ...more })
  assert.equal(answer.messages, batches.flat().length)
  assert.equal(answer.batches, batches.length)
  return batches
}

test('a line is a message, or a body alone that goes out byte by byte', async () => {
  const text = '{"body":{"n":1},"tag":"PAID","delay":"10s"}\r\n\n  \n{"n": 1.50}\n"text"'
  const [first, second] = await send(text, { tag: 'ALL' })
  assert.deepEqual(first?.[0], { topic: 'orders', tag: 'PAID', delay: '10s', body: { n: 1 } })
  assert.equal(Buffer.from(first?.[1]?.body as Uint8Array).toString(), '{"n": 1.50}')
  assert.equal(first?.[1]?.tag, 'ALL')
  assert.equal(Buffer.from(second?.[0]?.body as Uint8Array).toString(), '"text"')
})

test('an integer beyond 2^53 goes through unchanged', async () => {
  const [batch] = await send('{"body":{"n":9007199254740993}}')
  assert.deepEqual(batch?.[0]?.body, { n: 9007199254740993n })
})

test('--key takes the key out of the message, unless the line gives one', async () => {
  const text = '{"n":17}\n{"body":{"n":"x"},"key":"own"}\n{"body":{"n":"y"},"headers":{"h":"1"}}'
  const batches = await send(text, { key: 'body.n' })
  assert.deepEqual(
    batches.flat().map(({ key }) => key),
    ['17', 'own', 'y'],
  )
  await assert.rejects(send('{"m":1}', { key: 'body.n' }), {
    code: 'SEMEL_MESSAGE_INVALID',
    message: /^in.ndjson:1: there is no text and no integer at body.n/,
  })
})

for (const [what, line, code, why] of [
  ['no JSON', '{', 'SEMEL_BODY_INVALID', /it is not JSON/],
  ['a misspelt member', '{"body":1,"tga":"x"}', 'SEMEL_MESSAGE_INVALID', /did you mean "tag"/],
  ['another topic', '{"body":1,"topic":"x"}', 'SEMEL_MESSAGE_INVALID', /no "topic"/],
  [
    'a delay that does not exist',
    '{"body":1,"delay":"11s"}',
    'SEMEL_MESSAGE_INVALID',
    /delay is "11s"/,
  ],
  ['a __proto__', '{"body":1,"__proto__":2}', 'SEMEL_BODY_INVALID', /__proto__/],
] as const)
  test(`a line with ${what} is named, and nothing of its batch is sent`, async () => {
    await assert.rejects(send(`1\n2\n3\n${line}\n5\n`), (error: Error & { code: string }) => {
      assert.equal(error.code, code)
      assert.match(error.message, /^in.ndjson:4: /)
      assert.match(error.message, why)
      assert.match(error.message, /; 2 messages were sent, up to line 2; go on with line 3$/)
      return true
    })
  })

test('a line that is no text is named', async () => {
  await assert.rejects(send(Uint8Array.of(0x31, 0x0a, 0x22, 0xff, 0x22)), {
    message: /^in.ndjson:2: .*UTF-8; nothing was sent$/,
  })
})

test('with --bare a body may have a member body', async () => {
  const [batch] = await send('{"body":1,"other":2}', { bare: true })
  assert.equal(Buffer.from(batch?.[0]?.body as Uint8Array).toString(), '{"body":1,"other":2}')
})
