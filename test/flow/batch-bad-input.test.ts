import assert from 'node:assert/strict'
import test from 'node:test'
import { type Consumer, DeadLetter, type Message, semel, SemelError, type Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { type Handler, ledger, type Options, type Room, room, until } from './kit.ts'

const idOf = (message: Pick<Message<unknown>, 'body'>): string =>
  (message.body as { readonly id: string }).id
const parsed = (bytes: Uint8Array): { readonly id: string } =>
  JSON.parse(Buffer.from(bytes).toString()) as { readonly id: string }
const never = (): Promise<never> => new Promise(() => {})
const patient = { attemptsMax: 1_000, circuitFailures: 1_000 }

async function send(r: Room, ids: readonly string[]): Promise<void> {
  for (const id of ids) await r.send({ id })
}

/** What is sent while its consumer rests comes together. */
async function sendTogether(
  consumer: Consumer,
  r: Room,
  bodies: readonly unknown[],
): Promise<void> {
  await r.happened('applied')
  consumer.pause()
  for (const body of bodies) await r.send(body)
  consumer.resume()
}

async function applied(r: Room): Promise<readonly string[]> {
  return (await r.ledger()).map((line) => line.split(' ')[0] ?? '').toSorted()
}

const batchwise = (handlerBatch: unknown, more: Partial<Options> = {}): Partial<Options> =>
  ({ ...more, handler: undefined, handlerBatch }) as unknown as Partial<Options>

type Transactions = NonNullable<Store<MemoryTransaction>['transactions']>

/** A store that does something before each transaction. */
function before(act: () => void): Store<MemoryTransaction> {
  const inner = memoryStore()
  const { transactions } = inner
  assert.ok(transactions)
  const open: Transactions['open'] = async (work, terms) => {
    act()
    return transactions.open(work, terms)
  }
  return { ...inner, transactions: { ...transactions, open } }
}

test('a message without a value of independentBy fails by itself, and its consumer goes on (P10)', async (t) => {
  const r = room(t)
  await send(r, ['a', 'b', 'bad', 'c'])
  const independentBy = (message: Pick<Message<unknown>, 'body'>): string => {
    if (idOf(message) === 'bad') throw new Error('no account')
    return idOf(message)
  }
  const consumer = await r.consume(ledger, { independentBy: independentBy as never })
  await until(async () => (await applied(r)).length >= 3, 'the others')
  await send(r, ['d'])
  await until(async () => (await applied(r)).includes('d'), 'the next one')
  assert.equal(consumer.status().state, 'running')
})

test('after a short absence of the store pulling goes on, also when the next message dies', async (t) => {
  let absences = 1
  const store = before(() => {
    if (absences-- > 0) throw new SemelError('SEMEL_STORE_UNAVAILABLE', 'away')
  })
  const r = room(t, store)
  await send(r, ['bad'])
  const consumer = await r.consume((message, context) => {
    if (idOf(message) === 'bad') throw new DeadLetter('bad')
    ledger(message, context)
  })
  await r.happened('dead')
  await send(r, ['b'])
  await r.happened('applied')
  assert.deepEqual(consumer.status().waitingFor, [])
})

test('a stop while parked messages are decoded gives up their leases (P12)', async (t) => {
  const r = room(t)
  await send(r, ['a', 'b', 'c'])
  let hangs = false
  let decoding = 0
  const decode = (bytes: Uint8Array): unknown => (hangs && decoding++ > 0 ? never() : parsed(bytes))
  const limits = { ...patient, drainMs: 50, parkedPollMs: 500, leaseMs: 300 }
  const consumer = await r.consume(() => Promise.reject(new Error('no')), { ...limits, decode })
  await r.happened('parked', 3)
  hangs = true
  await until(() => decoding > 1, 'decoding')
  await consumer.stop()
  const free = async () =>
    Object.values(await r.records()).every((one) => one.state !== 'leased' || one.leftMs <= 0)
  await until(free, 'nobody renews a lease of the stopped consumer', 2_000)
})

test('a store that is away while parked messages are claimed leaves none of them leased (P12)', async (t) => {
  const inner = memoryStore()
  let absences = 1
  const settle: typeof inner.leases.settle = async (lease, outcome) => {
    if (outcome.state === 'dead' && absences-- > 0)
      throw new SemelError('SEMEL_STORE_UNAVAILABLE', 'away')
    return inner.leases.settle(lease, outcome)
  }
  const r = room(t, { ...inner, leases: { ...inner.leases, settle } })
  await send(r, ['a', 'b', 'c'])
  let down = true
  const decode = (bytes: Uint8Array): unknown => {
    const body = parsed(bytes)
    if (!down && body.id === 'b') throw new Error('of another schema')
    return body
  }
  const handler: Handler = (message, context) => {
    if (down) throw new Error('down')
    ledger(message, context)
  }
  await r.consume(handler, { ...patient, parkedPollMs: 300, leaseMs: 300, decode })
  await r.happened('parked', 3)
  down = false
  await r.happened('applied', 2)
  await r.happened('dead')
  assert.deepEqual(await applied(r), ['a', 'c'])
})

test('run() inside a batch handler is refused at once', async (t) => {
  const r = room(t)
  const points = semel({ group: 'inside-a-batch', store: r.store })
  const refused: SemelError[] = []
  await send(r, ['a'])
  const handlerBatch = async (): Promise<void> => {
    await points.run('k', () => 1).catch((error: SemelError) => refused.push(error))
  }
  await r.consume(ledger, batchwise(handlerBatch, { performMsMax: 60_000, attemptsMax: 1 }))
  await until(() => refused.length > 0, 'an answer')
  assert.equal(refused[0]?.code, 'SEMEL_RUN_NESTED')
})

test('what a handler did to its message is gone when its batch re-runs (P10)', async (t) => {
  const r = room(t)
  await r.send({ id: 'first', cents: 1 })
  const handler: Handler = (message, { tx }) => {
    const body = message.body as { readonly id: string; cents: number }
    body.cents *= 100
    if (body.id === 'bad') throw new DeadLetter('bad')
    tx.set('ledger', body.id, `${body.id} ${body.cents}`)
  }
  const consumer = await r.consume(handler, { batchWaitMs: 100 })
  const bodies = ['a', 'bad', 'b'].map((id) => ({ id, cents: 1 }))
  await sendTogether(consumer, r, bodies)
  await r.happened('applied', 3)
  await r.happened('dead')
  assert.deepEqual((await r.ledger()).toSorted(), ['a 100', 'b 100', 'first 100'])
})

test('batchMsMax bounds a transaction also when all of its messages fail', async (t) => {
  let calls = 0
  let most = 0
  const store = before(() => {
    calls = 0
  })
  const r = room(t, store)
  for (let at = 0; at < 60; at++) await send(r, [`good${at}`])
  const handler: Handler = (message, context) => {
    if (idOf(message).startsWith('good')) return ledger(message, context)
    most = Math.max(most, ++calls)
    const untilMs = performance.now() + 10
    while (performance.now() < untilMs);
    throw new DeadLetter('no')
  }
  const limits = { batchMsMax: 50, batchWaitMs: 200, circuitFailures: 1_000 }
  const consumer = await r.consume(handler, limits)
  await r.happened('applied', 60)
  const bad = Array.from({ length: 50 }, (_, at) => ({ id: `bad${at}` }))
  await sendTogether(consumer, r, bad)
  await r.happened('dead', 50)
  assert.ok(most <= 15, `${most} × 10 ms in one transaction`)
})

for (const option of ['tenant', 'fingerprint'] as const)
  test(`a ${option} that rejects buries its message, and nothing else notices`, async (t) => {
    const r = room(t)
    const unhandled: unknown[] = []
    const listen = (error: unknown): unknown => unhandled.push(error)
    process.on('unhandledRejection', listen)
    t.after(() => process.off('unhandledRejection', listen))
    await send(r, ['a'])
    const away = (): Promise<never> => Promise.reject(new Error('away'))
    await r.consume(ledger, { [option]: away })
    await r.happened('dead')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(unhandled, [])
  })

const trap = (): never => assert.fail('gotcha')
const plain: readonly unknown[] = [undefined, null, 0, '', Symbol('x'), Object.create(null)]
const oddErrors: readonly unknown[] = [
  ...plain,
  () => 1,
  new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap }),
  { '~semel': 'error' },
  { '~semel': 'error', code: '__proto__' },
  Object.defineProperty({ '~semel': 'error' }, 'code', { get: trap }),
  { '~semel': 'retry-later', delayMs: {} },
  new SemelError('NOPE' as never, 'x'),
]

test('whatever a handler throws, its message dies and its consumer goes on', async (t) => {
  const r = room(t)
  await send(r, [...oddErrors.keys()].map(String))
  await send(r, ['good'])
  const handler: Handler = (message, context) => {
    const id = idOf(message)
    if (id !== 'good') return Promise.reject(oddErrors[Number(id)])
    return ledger(message, context)
  }
  const consumer = await r.consume(handler, { attemptsMax: 2, circuitFailures: 1_000 })
  await r.happened('dead', oddErrors.length)
  await r.happened('applied')
  assert.equal(consumer.status().state, 'running')
})

test('any number of bad messages costs an interleaved batch one round (P10, P11)', async (t) => {
  const r = room(t)
  const calls = new Map<string, number>()
  const handler: Handler = (message, context) => {
    const id = idOf(message)
    calls.set(id, (calls.get(id) ?? 0) + 1)
    if (id.startsWith('bad')) throw new DeadLetter('bad')
    ledger(message, context)
  }
  for (let at = 0; at < 100; at++) await send(r, [`good${at}`, `bad${at}`])
  await r.consume(handler, { independentBy: idOf as never, batchWaitMs: 100, ...patient })
  await r.happened('dead', 100)
  await r.happened('applied', 100)
  const good = [...calls].filter(([id]) => id.startsWith('good'))
  assert.ok(
    Math.max(...good.map(([, times]) => times)) <= 3,
    'a good message re-ran with each bad one',
  )
})

const noObjects: readonly unknown[] = [[], 'x', 7]
const badAnswers: readonly unknown[] = [
  ...noObjects,
  ...['abc', 5, null, {}, new Set([1])].map((failed) => ({ failed })),
  ...[null, undefined, {}].map((one) => ({ failed: [one] })),
  Object.defineProperty({}, 'failed', { get: trap }),
]

for (const [at, answer] of badAnswers.entries())
  test(`a batch handler that answers nonsense (${at}) has failed, and loses no message`, async (t) => {
    const r = room(t)
    await send(r, ['a', 'b', 'c'])
    const handlerBatch: Options['handlerBatch'] = (messages, { tx }) => {
      for (const message of messages) tx.set('ledger', idOf(message), idOf(message))
      return messages.some((message) => idOf(message) === 'b') ? (answer as never) : undefined
    }
    await r.consume(ledger, batchwise(handlerBatch, { attemptsMax: 2 }))
    await r.happened('applied', 2)
    await r.happened('dead')
    assert.deepEqual(await applied(r), ['a', 'c'])
  })

test('a decoder that hangs for one message does not hold up the others', async (t) => {
  const r = room(t)
  await send(r, ['a'])
  const decode = (bytes: Uint8Array): unknown => {
    const body = parsed(bytes)
    return body.id === 'hangs' ? never() : body
  }
  await r.consume(ledger, { decode, performMsMax: 2_000, drainMs: 50 })
  await r.happened('applied')
  await send(r, ['hangs', 'b'])
  await r.happened('applied', 2)
  assert.deepEqual(await applied(r), ['a', 'b'])
  assert.ok(!r.events.includes('dead'), 'the one that hangs is over')
})

test('a store that fails to say which parked messages are due is reported', async (t) => {
  const inner = memoryStore()
  let broken = false
  const due: typeof inner.parking.due = async (origin, limit) => {
    if (broken) throw new TypeError('a bug in due()')
    return inner.parking.due(origin, limit)
  }
  const r = room(t, { ...inner, parking: { ...inner.parking, due } })
  await send(r, ['a'])
  const consumer = await r.consume(() => {
    broken = true
    throw new Error('no')
  })
  await until(
    () => r.events.includes('store-unavailable') || consumer.status().state === 'stopped',
    'an event, or the end',
  )
})
