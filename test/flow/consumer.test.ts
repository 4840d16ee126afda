import assert from 'node:assert/strict'
import test from 'node:test'
import { createConsumer, DeadLetter, RetryLater, TooEarly } from 'semel'
import { memoryStore } from 'semel/memory'
import { marker } from 'semel/strategies'
import { ledger, room, until } from './kit.ts'

test('a message takes effect once, and is acknowledged after that', async (t) => {
  const { send, consume, happened, ledger: lines, records } = room(t)
  await send({ id: 'A' })
  const consumer = await consume(ledger)
  await happened('applied')
  await until(() => consumer.status().inHand === 0, 'acknowledged')
  assert.deepEqual(await lines(), ['A attempt 1'])
  assert.equal((await records())['A']?.state, 'completed')
})

test('the same intent under another message id is a duplicate', async (t) => {
  const { send, consume, happened, ledger: lines } = room(t)
  await send({ id: 'A' })
  await send({ id: 'A' })
  await consume(ledger)
  await happened('duplicate')
  assert.deepEqual(await lines(), ['A attempt 1'])
})

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

test('what a failed attempt wrote is rolled back', async (t) => {
  const { send, consume, happened, ledger: lines } = room(t)
  await send({ id: 'A' })
  await consume((message, context) => {
    ledger(message, context)
    if (context.attempt === 1) throw new Error('after the write')
  })
  await happened('applied')
  assert.deepEqual(await lines(), ['A attempt 2'])
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
  assert.deepEqual((await lines()).map((line) => line[0]).sort(), ['B', 'C'])
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
    { attemptsMax: 5 },
  )
  await happened('applied', 2)
  assert.equal((await records())['dead']?.reason, 'permanent')
  assert.deepEqual(seen.filter((line) => line.startsWith('later')), ['later 1', 'later 2', 'later 3'])
  assert.deepEqual(seen.filter((line) => line.startsWith('early')), ['early 1', 'early 1', 'early 1'])
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
  assert.deepEqual(Object.keys(await records()).sort(), ['1729384756102938477', '1729384756102938478'])
})

test('level C: the handler gets no transaction, its record is leased and settled around it', async (t) => {
  const { send, consume, happened, records } = room(t)
  await send({ id: 'A' })
  const contexts: object[] = []
  const consumer = await consume((_, context) => contexts.push(context), {
    strategy: marker({ because: 'a second text message does no harm' }) as never,
  })
  await happened('applied')
  assert.equal(consumer.assurance.level, 'C')
  assert.deepEqual(Object.keys(contexts[0] ?? {}).sort(), ['attempt', 'key', 'signal'])
  const record = (await records())['A']
  assert.equal(record?.token, 1)
  assert.equal(record.state, 'completed')
})

test('stop lets running handlers finish, then aborts them; nothing of them is committed', async (t) => {
  const { send, consume, ledger: lines, events } = room(t)
  await send({ id: 'quick' })
  await send({ id: 'never' })
  const began: string[] = []
  const consumer = await consume(
    async (message, context) => {
      const { id } = message.body as { id: string }
      began.push(id)
      if (id === 'never') await new Promise(() => {})
      await new Promise((resolve) => setImmediate(resolve))
      ledger(message, context)
    },
    { drainMs: 50 },
  )
  await until(() => began.includes('never'), 'both began')
  await consumer.stop()
  assert.deepEqual(await lines(), ['quick attempt 1'])
  assert.equal(consumer.status().state, 'stopped')
  assert.equal(await consumer.ended, undefined)
  assert.ok(!events.includes('failed'), 'what we stop ourselves has not failed')
})

test('what was in hand at a stop comes again to the next consumer', async (t) => {
  const { send, consume, happened, ledger: lines } = room(t)
  await send({ id: 'A' })
  const first = await consume(() => new Promise(() => {}), { drainMs: 0 })
  await until(() => first.status().running === 1, 'running')
  await first.stop()
  await consume(ledger)
  await happened('applied')
  assert.deepEqual(await lines(), ['A attempt 1'])
})

test('pause pulls nothing more until resume', async (t) => {
  const { send, consume, happened, ledger: lines } = room(t)
  const consumer = await consume(ledger)
  consumer.pause()
  assert.deepEqual(consumer.status().waitingFor, ['resume'])
  await until(() => consumer.status().inHand === 0, 'nothing in hand')
  consumer.resume()
  await send({ id: 'A' })
  await happened('applied')
  assert.deepEqual(await lines(), ['A attempt 1'])
})

test('a second consumer of the same group and topic in one process is refused', async (t) => {
  const { consume, source, store } = room(t)
  const consumer = await consume(ledger)
  const twin = createConsumer({
    group: consumer.group,
    source: source(),
    store,
    key: () => 'k',
    handler: () => {},
  })
  await assert.rejects(twin.start(), { code: 'SEMEL_CONSUMER_TWICE' })
  await consumer.stop()
  await twin.start()
  await twin.stop()
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
  const consumer = await consume(
    (message, context) => {
      if (context.attempt === 1) throw new RetryLater(200)
      return ledger(message, context)
    },
  )
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
  assert.deepEqual(shown?.audit.map(({ who, act, why }) => [who, act, why]), [['anna', 'redrive', 'mended']])
})
