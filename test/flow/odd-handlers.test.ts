import assert from 'node:assert/strict'
import test from 'node:test'
import { RetryLater, SemelError, semel } from 'semel'
import { memoryStore } from 'semel/memory'
import { ledger, room } from './kit.ts'

test('a retry is at most a year away, whatever a handler asks for', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  await r.consume(() => {
    throw new RetryLater(Number.MAX_VALUE)
  })
  await r.happened('parked')
  const record = (await r.records())['A']
  assert.ok((record?.leftMs ?? Number.POSITIVE_INFINITY) <= 31_536_000_000)
})

test('a key function that rejects ends nothing but its message', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  await r.consume(ledger, { key: (async () => Promise.reject(new Error('no order'))) as never })
  await r.happened('dead')
})

test('a handler that throws our own codes has failed like any other: it ends dead', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  let calls = 0
  await r.consume(
    () => {
      calls++
      throw new SemelError('SEMEL_LEASE_LOST', 'of a run() inside')
    },
    { attemptsMax: 3 },
  )
  await r.happened('dead')
  assert.equal(calls, 3)
})

test('a signal that aborts while the handler runs commits nothing, also when the handler returns', async () => {
  const points = semel({ group: 'g', store: memoryStore() })
  const stop = new AbortController()
  const call = points.run(
    'a',
    ({ tx }) => {
      tx.set('points', 'a', 1)
      stop.abort(new Error('gone home'))
    },
    { signal: stop.signal },
  )
  await assert.rejects(call, { message: 'gone home' })
  assert.equal(await points.run('a', ({ tx }) => (tx.get('points', 'a') as null) ?? 0), 0)
})

/** A thenable that is no promise, as other libraries make them. */
const member = `${'the'}n`

test('a schema that answers a promise of another kind is waited for no longer than a handler', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  const never: unknown = Object.defineProperty({}, member, { value: () => {} })
  const body = { '~standard': { version: 1, vendor: 'test', validate: () => never } }
  await r.consume(ledger, { body: body as never, performMsMax: 30 })
  await r.happened('dead')
})

test('a decoder that works in place does not change what is kept', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  await r.consume(
    (message, context) => {
      if (context.attempt === 1) throw new Error('again')
      return ledger(message, context)
    },
    {
      decode: (bytes) => {
        const value: unknown = JSON.parse(Buffer.from(bytes).toString())
        bytes.fill(0)
        return value
      },
    },
  )
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 2'])
})

test('a parked message keeps its lease while it is decoded for longer than the lease lasts', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  let slow = false
  await r.consume(
    (message, context) => {
      if (context.attempt === 1) throw new Error('again')
      return ledger(message, context)
    },
    {
      leaseMs: 100,
      async decode(bytes) {
        if (slow) await new Promise((resolve) => setTimeout(resolve, 300))
        slow = true
        return JSON.parse(Buffer.from(bytes).toString())
      },
    },
  )
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 2'])
  assert.ok(!r.events.includes('fenced'))
})

test('P27: one message that fails again and again does not open the circuit', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  await r.consume(
    () => {
      throw new Error('always')
    },
    { circuitFailures: 2, attemptsMax: 6 },
  )
  await r.happened('dead')
  assert.ok(!r.events.includes('circuit-open'))
})
