import assert from 'node:assert/strict'
import test from 'node:test'
import { createConsumer } from 'semel'
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

test('level C: the handler gets no transaction, its record is leased and settled around it', async (t) => {
  const { send, consume, happened, records } = room(t)
  await send({ id: 'A' })
  const contexts: object[] = []
  const consumer = await consume((_, context) => contexts.push(context), {
    strategy: marker({ because: 'a second text message does no harm' }) as never,
  })
  await happened('applied')
  assert.equal(consumer.assurance.level, 'C')
  assert.deepEqual(Object.keys(contexts[0] ?? {}).toSorted(), ['attempt', 'key', 'signal'])
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
