import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Message, SemelError, type Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { type Handler, ledger, type Options, type Room, room, until } from './kit.ts'

const idOf = (message: Pick<Message<unknown>, 'body'>): string =>
  (message.body as { readonly id: string }).id

/** A store that counts its transactions, and may fail after a commit. */
function counting(): {
  readonly store: Store<MemoryTransaction>
  opened: number
  loseAnswers: number
} {
  const inner = memoryStore()
  const { transactions } = inner
  assert.ok(transactions)
  const self = {
    opened: 0,
    loseAnswers: 0,
    store: {
      ...inner,
      transactions: {
        ...transactions,
        async open<R>(work: Parameters<typeof transactions.open<R>>[0]): Promise<R> {
          self.opened++
          const answer = await transactions.open(work)
          if (self.loseAnswers-- > 0)
            throw new SemelError('SEMEL_OUTCOME_UNKNOWN', 'the answer to COMMIT was lost')
          return answer
        },
      },
    },
  }
  return self
}

async function sent(r: Room, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, at) => `m${at}`)
  for (const id of ids) await r.send({ id })
  return ids
}

const batchwise = (t: TestContext, handlerBatch: Options['handlerBatch'], more = {}): Room => {
  const r = room(t)
  const options = { handler: undefined, handlerBatch, ...more } as unknown as Partial<Options>
  const begun = { ...r, consume: () => r.consume(ledger, options) }
  return begun
}

test('many messages share one transaction (P8)', async (t) => {
  const store = counting()
  const r = room(t, store.store)
  const ids = await sent(r, 500)
  await r.consume(ledger)
  await r.happened('applied', 500)
  assert.ok(store.opened < 25, `${store.opened} transactions for 500 messages`)
  assert.deepEqual((await r.ledger()).toSorted(), ids.map((id) => `${id} attempt 1`).toSorted())
})

test('a bad message leaves its batch, and costs the others one more round (P10)', async (t) => {
  const r = room(t)
  await sent(r, 100)
  const calls = new Map<string, number>()
  const handler: Handler = (message, context) => {
    const id = idOf(message)
    calls.set(id, (calls.get(id) ?? 0) + 1)
    ledger(message, context)
    if (id.endsWith('7')) throw new Error('out of stock')
  }
  await r.consume(handler, { attemptsMax: 2 })
  await r.happened('applied', 90)
  await r.happened('dead', 10)
  const lines = await r.ledger()
  assert.equal(lines.length, 90)
  assert.ok(
    lines.every((line) => !line.includes('7 ')),
    'what a failed handler did is taken back',
  )
  const good = [...calls].filter(([id]) => !id.endsWith('7'))
  assert.ok(
    good.every(([, times]) => times <= 2),
    'a good message ran more than twice',
  )
})

test('copies of one key in a batch are one claim (P8)', async (t) => {
  const r = room(t)
  const ids = await sent(r, 40)
  for (const id of ids) await r.send({ id })
  await r.consume(ledger)
  await r.happened('duplicate', 40)
  assert.equal((await r.ledger()).length, 40)
})

test('copies with another body are dead, also inside one batch (P5)', async (t) => {
  const r = room(t)
  for (let at = 0; at < 20; at++) {
    await r.send({ id: `m${at}`, amount: 1 })
    await r.send({ id: `m${at}`, amount: 2 })
  }
  await r.consume(ledger)
  await r.happened('mismatched', 20)
  assert.equal((await r.ledger()).length, 20)
})

test('a commit whose answer is lost is asked for by the same batch again', async (t) => {
  const store = counting()
  const r = room(t, store.store)
  await sent(r, 60)
  store.loseAnswers = 5
  await r.consume(ledger)
  await until(
    () => r.events.filter((name) => name === 'applied' || name === 'duplicate').length === 60,
    'all told',
  )
  assert.equal((await r.ledger()).length, 60)
  assert.ok(r.events.includes('unknown'))
})

test('what has not begun when the time of a batch is over is left to the next one', async (t) => {
  const store = counting()
  const r = room(t, store.store)
  await sent(r, 60)
  const handler: Handler = (message, context) => {
    const untilMs = performance.now() + 2
    while (performance.now() < untilMs);
    ledger(message, context)
  }
  await r.consume(handler, { batchMsMax: 10 })
  await r.happened('applied', 60)
  assert.ok(store.opened >= 8, `${store.opened} transactions for 60 × 2 ms`)
  assert.equal((await r.ledger()).length, 60)
})

test('the transaction object of one message is over when the next one of its batch begins', async (t) => {
  const r = room(t)
  await sent(r, 40)
  let last: MemoryTransaction | undefined
  const refused: unknown[] = []
  await r.consume((message, context) => {
    try {
      last?.set('ledger', 'late', 'late')
    } catch (error) {
      refused.push((error as SemelError).code)
    }
    ledger(message, context)
    last = context.tx
  })
  await r.happened('applied', 40)
  assert.equal(refused.filter((code) => code === 'SEMEL_TX_OVER').length, 39)
})

test('a batch handler gets all messages of a batch at once', async (t) => {
  const sizes: number[] = []
  const r = batchwise(t, (messages, { tx }) => {
    sizes.push(messages.length)
    for (const message of messages) tx.set('ledger', idOf(message), idOf(message))
  })
  await sent(r, 100)
  await r.consume(ledger)
  await r.happened('applied', 100)
  assert.ok(Math.max(...sizes) > 10)
  assert.equal((await r.ledger()).length, 100)
})

test('a batch handler names bad messages: they are tried by themselves, the others commit', async (t) => {
  const alone = new Set<string>()
  const r = batchwise(
    t,
    (messages, { tx }) => {
      const [first] = messages
      if (messages.length === 1 && first) alone.add(idOf(first))
      for (const message of messages) tx.set('ledger', idOf(message), idOf(message))
      const bad = messages.filter((message) => idOf(message).endsWith('3'))
      return { failed: bad.map((message) => ({ message, error: new Error('no') })) }
    },
    { attemptsMax: 2 },
  )
  await sent(r, 100)
  await r.consume(ledger)
  await r.happened('applied', 90)
  await r.happened('dead', 10)
  assert.equal((await r.ledger()).length, 90)
  assert.ok(alone.has('m43'))
})

test('what a batch handler throws halves the batch until one is to blame', async (t) => {
  const r = batchwise(
    t,
    (messages, { tx }) => {
      if (messages.some((message) => idOf(message) === 'm50')) throw new Error('constraint')
      for (const message of messages) tx.set('ledger', idOf(message), idOf(message))
    },
    { attemptsMax: 2 },
  )
  await sent(r, 100)
  await r.consume(ledger)
  await r.happened('applied', 99)
  await r.happened('dead')
  assert.equal((await r.ledger()).length, 99)
})

test('a batch handler that names a message it was not given has failed', async (t) => {
  const r = batchwise(
    t,
    (messages) => ({
      failed: messages
        .slice(0, 1)
        .map((message) => ({ message: { ...message }, error: new Error('copy') })),
    }),
    { attemptsMax: 1 },
  )
  await sent(r, 3)
  await r.consume(ledger)
  await r.happened('dead', 3)
  const [record] = Object.values(await r.records())
  assert.match(record?.detail ?? '', /copy|was not given/)
})

test('handlers of independent messages are under way together, those of one value never (P11)', async (t) => {
  const r = room(t)
  for (let at = 0; at < 60; at++) await r.send({ id: `m${at}`, account: at % 6 })
  const accountOf = (message: Message<unknown>): number =>
    (message.body as { readonly account: number }).account
  const busy = new Map<number, number>()
  let most = 0
  await r.consume(
    async (message, context) => {
      const account = accountOf(message)
      assert.equal(busy.get(account) ?? 0, 0, 'two of one value at once')
      busy.set(account, 1)
      most = Math.max(most, [...busy.values()].filter((count) => count > 0).length)
      await new Promise((resolve) => setImmediate(resolve))
      context.tx.set('ledger', idOf(message), idOf(message))
      busy.set(account, 0)
    },
    { independentBy: accountOf as never },
  )
  await r.happened('applied', 60)
  assert.ok(most > 2, `at most ${most} at once`)
  assert.equal((await r.ledger()).length, 60)
})
