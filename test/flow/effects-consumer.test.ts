import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Consumer, createConsumer, type EffectsContext, on, unchecked } from 'semel'
import {
  memoryPublisher,
  memoryQueue,
  memorySource,
  memoryStore,
  type MemoryTransaction,
} from 'semel/memory'
import { marker } from 'semel/strategies'
import { type EveryKind, everyKind, type FarSide, farSide } from './effects-kit.ts'
import { until } from './kit.ts'

interface Body {
  readonly id: string
}
type Context = EffectsContext<MemoryTransaction, EveryKind>

let groups = 0

/** A queue, a store and consumers of a group of their own. */
function gatewayRoom(t: TestContext, far: FarSide) {
  const queue = memoryQueue()
  const store = memoryStore()
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  const group = `gateway-${++groups}`
  const consumers: Consumer[] = []
  const dead: string[] = []
  const unlisten = on(
    'dead',
    (event) => event.group === group && dead.push(`${event.key} ${event.reason}`),
  )
  t.after(async () => {
    unlisten()
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    await publisher.close()
  })
  return {
    store,
    dead,
    send: (ids: readonly string[]) => publisher.sendBatch(ids.map((id) => ({ body: { id } }))),
    async consume(handler: (body: Body, context: Context) => unknown) {
      const consumer = createConsumer({
        group,
        source: memorySource(queue, { topic: 'orders', holdMs: 500 }),
        store,
        body: unchecked<Body>(),
        key: ({ body }) => body.id,
        effects: everyKind(far),
        retryDelayMs: 0,
        parkedPollMs: 10,
        drainMs: 20,
        handler: ({ body }, context) => handler(body, context),
      })
      consumers.push(consumer)
      await consumer.start()
      return consumer
    },
    states: async () => (await store.inspector.list({ limit: 1_000 })).map(({ state }) => state),
    async bookings() {
      const rows = await store.transactions?.open(async (open) =>
        open.forHandler().tx.all('bookings'),
      )
      return (rows ?? []).map(([key]) => key).toSorted()
    },
  }
}

test('each message is charged once and booked with its record, also when handlers fail now and then', async (t) => {
  const far = farSide({ after: 3 })
  const here = gatewayRoom(t, far)
  const ids = Array.from({ length: 40 }, (_, at) => `A-${at + 10}`)
  const failed = new Set<string>()
  const consumer = await here.consume(async ({ id }, { effects, transaction }) => {
    const { receipt } = await effects.charge(far.call)
    if (receipt % 7 === 0 && !failed.has(id) && failed.add(id)) throw new Error('on purpose')
    await transaction((tx) => tx.set('bookings', id, receipt))
  })
  await here.send([...ids, ...ids.slice(0, 10)])
  await until(
    async () => (await here.states()).filter((state) => state === 'completed').length === 40,
    'all completed',
  )
  assert.equal(consumer.assurance.level, 'D')
  assert.deepEqual(await here.bookings(), ids)
  assert.equal(new Set(far.effects).size, 40)
  // One of them had no answer, and was charged again with its key.
  assert.equal(far.effects.length, 41)
})

test('a doubt leaves the message dead with its body; redriven with callAgain it takes effect', async (t) => {
  const far = farSide({ before: 1 })
  const here = gatewayRoom(t, far)
  await here.consume(async ({ id }, { effects, transaction }) => {
    await effects.siren(far.call)
    await transaction((tx) => tx.set('bookings', id, 1))
  })
  await here.send(['A-17'])
  await until(() => here.dead.length === 1, 'it is dead')
  assert.deepEqual(here.dead, ['A-17 uncertain'])
  const [record] = await here.store.inspector.list({ reason: 'uncertain', limit: 2 })
  assert.ok(record)
  const details = await here.store.inspector.show(record)
  assert.equal(Buffer.from(details?.message?.body ?? []).toString(), '{"id":"A-17"}')
  assert.deepEqual(await here.bookings(), [])
  const redrive = { kind: 'redrive', who: 'Zoë', why: 'nobody heard it' } as const
  await here.store.inspector.act(record, redrive)
  await until(() => here.dead.length === 2, 'it is dead again')
  assert.equal(far.effects.length, 0)
  await here.store.inspector.act(record, { ...redrive, callAgain: true })
  await until(async () => (await here.states())[0] === 'completed', 'it is completed')
  assert.equal(far.effects.length, 1)
  assert.deepEqual(await here.bookings(), ['A-17'])
})

test('a consumer that stops in the middle of a call leaves the doubt to the next one', async (t) => {
  const far = farSide()
  const here = gatewayRoom(t, far)
  const begun = Promise.withResolvers<void>()
  const first = await here.consume(async (_, { effects }) => {
    await effects.charge(far.call)
    await effects.siren(() => {
      begun.resolve()
      return new Promise<never>(() => {})
    })
  })
  await here.send(['A-17'])
  await begun.promise
  await first.stop()
  assert.deepEqual(await here.states(), ['failed'])
  await here.consume(async (_, { effects }) => {
    await effects.charge(far.call)
    await effects.siren(far.call)
  })
  await until(() => here.dead.length === 1, 'it is dead')
  assert.deepEqual(here.dead, ['A-17 uncertain'])
  assert.equal(far.effects.length, 1)
})

test('effects go with a strategy of a lower level, and not with a batch handler', async () => {
  const base = {
    group: 'g',
    source: memorySource(memoryQueue(), { topic: 'orders' }),
    store: memoryStore(),
    key: () => 'a',
  }
  const { charge } = everyKind(farSide())
  const strategy = marker({ because: 'a text message too many does no harm' })
  const consumer = createConsumer({ ...base, strategy, effects: { charge }, handler: () => {} })
  assert.equal(consumer.assurance.level, 'C')
  assert.equal(consumer.assurance.because.length, 2)
  const batch = { ...base, effects: { charge }, handlerBatch: async () => {} }
  assert.throws(() => createConsumer(batch as never), {
    code: 'SEMEL_OPTION_INVALID',
    message: /not handlerBatch/,
  })
})
