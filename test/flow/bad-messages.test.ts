import assert from 'node:assert/strict'
import test from 'node:test'
import { DeadLetter, RetryLater, TooEarly } from 'semel'
import { ledger, room } from './kit.ts'

test('DeadLetter ends at once; RetryLater chooses its time; TooEarly does not count', async (t) => {
  const { send, consume, happened, records } = room(t)
  for (const id of ['dead', 'later', 'early']) await send({ id })
  const seen: string[] = []
  await consume(
    (message, { attempt }) => {
      const { id } = message.body as { id: string }
      seen.push(`${id} ${attempt}`)
      if (id === 'dead') throw new DeadLetter('cannot be')
      if (seen.filter((line) => line.startsWith(id)).length > 2) return
      throw id === 'later' ? new RetryLater(1) : new TooEarly('not its turn')
    },
    { attemptsMax: 5, batchMax: 1 },
  )
  await happened('applied', 2)
  assert.equal((await records())['dead']?.reason, 'permanent')
  assert.deepEqual(
    seen.filter((line) => line.startsWith('later')),
    ['later 1', 'later 2', 'later 3'],
  )
  assert.deepEqual(
    seen.filter((line) => line.startsWith('early')),
    ['early 1', 'early 1', 'early 1'],
  )
})

test('another body under a known key is dead under an identity of its own, and the first stays', async (t) => {
  const { send, consume, happened, store, ledger: lines } = room(t)
  await send({ id: 'A', amount: 1 })
  await send({ id: 'A', amount: 2 })
  await send({ id: 'A', amount: 2 })
  await consume(ledger)
  await happened('mismatched')
  await happened('duplicate')
  assert.deepEqual(await lines(), ['A attempt 1'])
  const dead = await store.inspector.list({ state: 'dead', limit: 9 })
  assert.equal(dead.length, 1, 'a redelivery finds the same record (P3)')
  assert.equal(dead[0]?.reason, 'mismatched')
})

for (const [name, body, reason] of [
  ['no key', { other: 1 }, 'no-key'],
  ['a fraction as key', { id: 1.5 }, 'no-key'],
  ['an object as key', { id: {} }, 'no-key'],
  ['a lone surrogate as key', Buffer.from('{"id":"\\ud800"}'), 'no-key'],
  ['1 MB of key', { id: 'x'.repeat(1_000_000) }, 'no-key'],
  ['a body that is no JSON', Buffer.from('{'), 'unreadable'],
  ['a body that is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'unreadable'],
  ['100,000 levels', Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)), 'unreadable'],
  ['a __proto__ member', Buffer.from('{"id":"A","__proto__":{"admin":true}}'), 'unreadable'],
] as const)
  test(`a message with ${name} is dead on arrival with its bytes, and the next one is served`, async (t) => {
    const { send, consume, happened, store } = room(t)
    await send(body)
    await send({ id: 'B' })
    await consume(ledger, { bodyBytesMax: 2_000_000 })
    await happened('dead')
    await happened('applied')
    const [dead] = await store.inspector.list({ state: 'dead', limit: 9 })
    assert.equal(dead?.reason, reason)
    assert.ok(((await store.inspector.show(dead))?.message?.body.length ?? 0) > 0)
  })

test('a key that is a promise is no key', async (t) => {
  const { send, consume, happened, records } = room(t)
  await send({ id: 'A' })
  await consume(ledger, { key: (async () => 'A') as never })
  await happened('dead')
  const [dead] = Object.values(await records())
  assert.match(dead?.detail ?? '', /a promise/)
})

test('a body that does not fit the schema is refused, and what fits is typed', async (t) => {
  const { send, consume, happened, records } = room(t)
  await send({ id: 'A' })
  await consume(ledger, {
    body: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: [{ message: 'amount is missing' }] }),
      },
    },
  })
  await happened('dead')
  const [dead] = Object.values(await records())
  assert.equal(dead?.reason, 'refused')
  assert.match(dead.detail ?? '', /amount is missing/)
})

test('integers beyond 2^53 keep their digits: two neighbouring orders are two keys', async (t) => {
  const { send, consume, happened, records } = room(t)
  await send(Buffer.from('{"id":1729384756102938477}'))
  await send(Buffer.from('{"id":1729384756102938478}'))
  await consume(() => {})
  await happened('applied', 2)
  assert.deepEqual(Object.keys(await records()).toSorted(), [
    '1729384756102938477',
    '1729384756102938478',
  ])
})
