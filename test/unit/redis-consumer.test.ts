import assert from 'node:assert/strict'
import test from 'node:test'
import { createConsumer, DeadLetter, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import type { RedisClient } from 'semel/redis'
import { marker } from 'semel/strategies'
import { until } from '../flow/kit.ts'
import { faultProxy } from '../servers/proxy.ts'
import { serverFor } from '../servers/server.ts'
import { clients, type Shop, shop } from './redis-kit.ts'

interface Body {
  readonly id: string
  readonly account: string
}

const accounts = 10
const messages = 200
const bodies: readonly Body[] = Array.from({ length: messages }, (_, at) => ({
  id: `m-${at}`,
  account: `account ${at % accounts}`,
}))

interface Running {
  /** Ids in the order in which handlers succeeded. */
  readonly done: string[]
  stop(): Promise<void>
}

/** A consumer over a queue in which each message stands twice. */
async function consuming(
  here: Shop,
  client: RedisClient,
  fail: (message: Message<Body>, attempt: number) => void,
): Promise<Running> {
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  await publisher.sendBatch([...bodies, ...bodies].map((body) => ({ body: { ...body } })))
  const done: string[] = []
  const consumer = createConsumer({
    group: 'points',
    source: memorySource(queue, { topic: 'orders', holdMs: 1_000 }),
    store: here.store(client, { commandMsMax: 300 }),
    strategy: marker({ because: 'a test' }),
    body: unchecked<Body>(),
    key: ({ body }) => body.id,
    orderedBy: ({ body }) => body.account,
    leaseMs: 1_000,
    retryDelayMs: 0,
    parkedPollMs: 10,
    handler: (message, { attempt }) => {
      fail(message, attempt)
      done.push(message.body.id)
    },
  })
  await consumer.start()
  return { done, stop: () => consumer.stop() }
}

for (const [name, connect] of clients) {
  test(`${name}: each message is performed once and in its order, though some fail first and one is dead`, async (t) => {
    const here = await shop(t)
    if (here === undefined) return
    const client = await here.client(connect)
    const running = await consuming(here, client, ({ body: { id } }, attempt) => {
      if (id === 'm-100') throw new DeadLetter('never')
      if (id.endsWith('7') && attempt < 3) throw new Error('not yet')
    })
    t.after(() => running.stop())
    const { inspector, parking } = here.store(client)
    const settled = async (): Promise<number> => {
      const counts = await inspector.count('points')
      const ended = counts.filter(({ state }) => state === 'completed' || state === 'dead')
      return ended.reduce((sum, { records }) => sum + records, 0)
    }
    await until(async () => (await settled()) === messages, 'everything is settled', 20_000)
    const expected = bodies.map(({ id }) => id).filter((id) => id !== 'm-100')
    assert.deepEqual(running.done.toSorted(), expected.toSorted())
    const numbers = running.done.map((id) => Number(id.slice(2)))
    for (let account = 0; account < accounts; account++) {
      const order = numbers.filter((at) => at % accounts === account)
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      )
    }
    const usage = { messages: 0, bytes: 0, dead: 1, perLane: 0 }
    assert.deepEqual(await parking.usage('points'), usage)
    await running.stop()
  })

  test(`${name}: a consumer whose connection is reset again and again loses no message, and comes back by itself`, async (t) => {
    const found = await serverFor(t, 'redis')
    const here = await shop(t)
    if (found === undefined || here === undefined) return
    const proxy = await faultProxy(found, t)
    let resets = 0
    const client = await here.client(connect, proxy.url)
    const running = await consuming(here, client, () => {
      if (resets >= 10 || Math.random() > 0.1) return
      resets++
      proxy.reset()
    })
    t.after(() => running.stop())
    const { inspector } = here.store(await here.client())
    const completed = async (): Promise<number> => {
      const counts = await inspector.count('points')
      return counts.find(({ state }) => state === 'completed')?.records ?? 0
    }
    await until(async () => (await completed()) === messages, 'everything is completed', 30_000)
    assert.equal(new Set(running.done).size, messages)
    assert.ok(resets > 3, `${resets} resets`)
    await running.stop()
  })
}
