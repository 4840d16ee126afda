import assert from 'node:assert/strict'
import test from 'node:test'
import { DeadLetter, RetryLater, TooEarly } from 'semel'
import { memoryStore } from 'semel/memory'
import { ledger, room, until } from './kit.ts'

test('a handler that fails is called again from the store, and the broker is told that all is well', async (t) => {
  const { send, consume, happened, events, ledger: lines } = room(t)
  await send({ id: 'A' })
  const consumer = await consume((message, context) => {
    if (context.attempt < 3) throw new Error('not yet')
    return ledger(message, context)
  })
  await happened('parked')
  await until(() => consumer.status().inHand === 0, 'acknowledged though it failed')
  await happened('applied')
  assert.deepEqual(await lines(), ['A attempt 3'])
  assert.equal(events.filter((name) => name === 'failed').length, 2)
})

test('after attemptsMax a message is dead, with its body, for a person', async (t) => {
  const { send, consume, happened, records, store } = room(t)
  await send({ id: 'A' }, { headers: { trace: 'x' }, key: 'k' })
  let calls = 0
  await consume(
    () => {
      calls++
      throw new Error('always')
    },
    { attemptsMax: 3 },
  )
  await happened('dead')
  assert.equal(calls, 3)
  const dead = (await records())['A']
  assert.equal(dead?.state, 'dead')
  assert.equal(dead.reason, 'failed')
  assert.match(dead.detail ?? '', /always/)
  const { message } = (await store.inspector.show(dead)) ?? {}
  assert.equal(Buffer.from(message?.body ?? []).toString(), '{"id":"A"}')
  assert.deepEqual(message?.headers, { trace: 'x' })
})

test('P26: an early message that waits too long is dead', async (t) => {
  const clock = { now: 1_700_000_000_000, nowMs: () => clock.now }
  const { send, consume, happened, records } = room(t, memoryStore({ clock }))
  await send({ id: 'A' })
  await consume(() => {
    throw new TooEarly('never its turn')
  })
  await happened('parked')
  clock.now += 3_700_000
  await happened('dead')
  assert.equal((await records())['A']?.reason, 'expired')
})

test('peak shaving: 5,000 arrive, ratePerSecondMax are taken in a second', async (t) => {
  const { publisher, consume, events } = room(t)
  await publisher.sendBatch(Array.from({ length: 5_000 }, (_, at) => ({ body: { id: `${at}` } })))
  await consume(() => {}, { ratePerSecondMax: 200 })
  const begun = performance.now()
  const applied = () => events.filter((name) => name === 'applied').length
  await until(() => applied() >= 100, '100 applied')
  const seconds = (performance.now() - begun) / 1_000
  assert.ok(seconds > 0.35, `100 in ${seconds} s`)
})

test('P27: after many failures in a row everything pauses but a probe, nothing is counted, and one success reopens', async (t) => {
  const { publisher, consume, happened, records } = room(t)
  await publisher.sendBatch(Array.from({ length: 40 }, (_, at) => ({ body: { id: `${at}` } })))
  let broken = true
  let calls = 0
  const consumer = await consume(
    () => {
      calls++
      if (broken) throw new Error('everything is down')
    },
    { circuitFailures: 5, circuitMs: 20, attemptsMax: 3, concurrency: 1 },
  )
  await happened('circuit-open')
  assert.ok(consumer.status().waitingFor.includes('circuit'))
  const before = calls
  await until(() => calls > before + 5, 'probes')
  broken = false
  await happened('circuit-closed')
  await happened('applied', 40)
  const states = new Set(Object.values(await records()).map(({ state }) => state))
  assert.deepEqual([...states], ['completed'], 'nobody was buried by an outage')
})

test('P26: at parkedMax the source is paused, parked messages are still served', async (t) => {
  const { publisher, send, consume, happened, events } = room(t)
  await publisher.sendBatch(Array.from({ length: 5 }, (_, at) => ({ body: { id: `${at}` } })))
  let open = false
  const consumer = await consume(
    () => {
      if (!open) throw new RetryLater(20)
    },
    { parkedMax: 5, attemptsMax: 1_000, circuitFailures: 10_000 },
  )
  await happened('parking-full')
  await until(() => consumer.status().waitingFor.includes('parking'), 'paused')
  await send({ id: 'new' })
  open = true
  await happened('applied', 6)
  assert.ok(events.includes('parking-full'))
})

test('P6: a delivery that meets its own parked record is acknowledged, and not run beside it', async (t) => {
  const { send, consume, happened, ledger: lines, events } = room(t)
  await send({ id: 'A' })
  const consumer = await consume((message, context) => {
    if (context.attempt === 1) throw new RetryLater(200)
    return ledger(message, context)
  })
  await happened('parked')
  await send({ id: 'A' })
  await happened('duplicate')
  await until(() => consumer.status().inHand === 0, 'acknowledged')
  assert.ok(!events.includes('applied'), 'the copy did not run')
  await happened('applied')
  assert.deepEqual(await lines(), ['A attempt 2'])
})

test('redrive runs a dead message again, skip completes it, and both survive a copy from the broker', async (t) => {
  const { send, consume, happened, records, store, ledger: lines } = room(t)
  await send({ id: 'A' })
  await send({ id: 'B' })
  let mended = false
  await consume((message, context) => {
    if (!mended) throw new DeadLetter('broken')
    return ledger(message, context)
  })
  await happened('dead', 2)
  mended = true
  const { A, B } = await records()
  assert.ok(A && B)
  await store.inspector.act(A, { kind: 'redrive', who: 'anna', why: 'mended' })
  await store.inspector.act(B, { kind: 'skip', who: 'anna', why: 'paid by hand' })
  await send({ id: 'B' })
  await happened('applied')
  await happened('duplicate')
  assert.deepEqual(await lines(), ['A attempt 1'])
  const shown = await store.inspector.show(A)
  assert.deepEqual(
    shown?.audit.map(({ who, act, why }) => [who, act, why]),
    [['anna', 'redrive', 'mended']],
  )
})

test('a message that fails blocks nobody', async (t) => {
  const { send, consume, happened, ledger: lines } = room(t)
  for (const id of ['bad', 'B', 'C']) await send({ id })
  await consume(
    (message, context) => {
      if ((message.body as { id: string }).id === 'bad') throw new Error('always')
      return ledger(message, context)
    },
    { retryDelayMs: 60_000 },
  )
  await happened('applied', 2)
  assert.deepEqual(new Set(await lines()), new Set(['B attempt 1', 'C attempt 1']))
})
