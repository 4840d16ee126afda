import assert from 'node:assert/strict'
import test from 'node:test'
import { createConsumer, SemelError } from 'semel'
import { ledger, room, until } from './kit.ts'

test('pause takes nothing that comes after it, though a pull was waiting', async (t) => {
  const r = room(t)
  const consumer = await r.consume(ledger)
  await r.send({ id: 'before' })
  await r.happened('applied')
  consumer.pause()
  for (let at = 0; at < 20; at++) await r.send({ id: `${at}` })
  await until(() => consumer.status().inHand === 0, 'nothing in hand')
  assert.deepEqual(await r.ledger(), ['before attempt 1'])
  consumer.resume()
  await r.happened('applied', 21)
})

test('pause during start holds', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  const consumer = createConsumer({
    group: 'paused',
    source: r.source(),
    store: r.store,
    key: (message) => message.id,
    handler: ledger,
  })
  t.after(() => consumer.stop())
  const starting = consumer.start()
  consumer.pause()
  await starting
  assert.deepEqual(consumer.status().waitingFor, ['resume'])
})

test('a consumer that was stopped does not start again, whatever came first', async (t) => {
  const r = room(t)
  const make = (group: string) =>
    createConsumer({
      group,
      source: r.source(),
      store: r.store,
      key: (message) => message.id,
      handler: ledger,
    })
  const stopped = make('stopped')
  const stopping = stopped.stop()
  await assert.rejects(stopped.start(), { code: 'SEMEL_OPTION_INVALID' })
  await stopping
  const meanwhile = make('meanwhile')
  const starting = meanwhile.start()
  await meanwhile.stop()
  await starting
  await r.send({ id: 'A' })
  assert.equal(meanwhile.status().state, 'stopped')
  assert.equal(await meanwhile.ended, undefined)
  assert.deepEqual(await r.ledger(), [])
})

test('a source that cannot be closed makes stop fail, and nothing else: the consumer has ended', async (t) => {
  const r = room(t)
  const source = r.source()
  const close = source.close
  let broken = true
  Object.assign(source, {
    close: async () => {
      if (broken) throw new SemelError('SEMEL_STORE_CONTENDED', 'locked')
      return close()
    },
  })
  const consumer = createConsumer({
    group: 'unclosed',
    source,
    store: r.store,
    key: (message) => message.id,
    handler: ledger,
  })
  await consumer.start()
  await assert.rejects(consumer.stop(), { code: 'SEMEL_STORE_CONTENDED' })
  assert.equal(consumer.status().state, 'stopped')
  assert.equal(await consumer.ended, undefined)
  broken = false
  const next = createConsumer({
    group: 'unclosed',
    source,
    store: r.store,
    key: (message) => message.id,
    handler: ledger,
  })
  await next.start()
  await next.stop()
})

test('stop ends a decoder that hangs, and does not bury its message', async (t) => {
  const r = room(t)
  await r.send({ id: 'A' })
  const consumer = await r.consume(ledger, { decode: () => new Promise(() => {}), drainMs: 20 })
  await until(() => consumer.status().inHand === 1, 'decoding')
  await consumer.stop()
  await r.consume(ledger)
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
})

test('a duplicate that is held does not stop the others while its leader runs', async (t) => {
  const r = room(t)
  const leader = Promise.withResolvers<void>()
  for (let at = 0; at < 10; at++) await r.send({ id: `warm ${at}` })
  await r.consume(
    async (message, context) => {
      if ((message.body as { id: string }).id === 'slow') await leader.promise
      ledger(message, context)
    },
    { heldWaitMs: 10, batchMax: 1 },
  )
  await r.happened('applied', 10)
  await r.send({ id: 'slow' })
  await r.send({ id: 'slow' })
  for (let at = 0; at < 5; at++) await r.send({ reading: at })
  await r.happened('dead', 5)
  leader.resolve()
  await r.happened('duplicate')
})

test('stop closes the source also of a consumer that never started', async (t) => {
  const r = room(t)
  const source = r.source()
  let closed = 0
  Object.assign(source, { close: async () => void closed++ })
  const consumer = createConsumer({
    group: 'never',
    source,
    store: r.store,
    key: (message) => message.id,
    handler: ledger,
  })
  await consumer.stop()
  assert.equal(closed, 1)
})
