import assert from 'node:assert/strict'
import { monotonicMs } from '../../inbox/clock.ts'
import {
  bodyOf,
  consume,
  inOrder,
  nothingComes,
  numbers,
  send,
  sendNumbers,
  subscribed,
  take,
  takeOne,
} from '../source-kit.ts'
import { marks, order, type SourceCase } from '../source-suite.ts'

const never = new AbortController().signal

export const pulling: readonly SourceCase[] = [
  {
    promise: 'messages come in the order in which one producer sent them',
    needs: [order],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      for (let at = 0; at < 20; at++) await publisher.send({ body: at })
      await publisher.sendBatch(numbers(20, 20).map((body) => ({ body: Number(body) })))
      assert.deepEqual((await take(opened, source, 40)).map(bodyOf), numbers(40))
    },
  },
  {
    promise: 'a pull never answers more than its limit',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 10)
      for (const limit of [1, 3, 2]) {
        const pulled = await source.pull(limit, AbortSignal.timeout(10_000))
        assert.ok(pulled.length > 0 && pulled.length <= limit, `${pulled.length} of ${limit}`)
      }
    },
  },
  {
    promise: 'a pull waits for the first message, and not for the last that it may take',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const pulling = source.pull(10, AbortSignal.timeout(10_000))
      await nothingYet(pulling, opened.quietMs)
      await send(opened, { body: 1 })
      assert.deepEqual((await pulling).map(bodyOf), ['1'])
    },
  },
  {
    promise: 'an aborted signal ends a waiting pull with nothing, and soon',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const stop = new AbortController()
      const pulling = source.pull(10, stop.signal)
      await nothingYet(pulling, opened.quietMs)
      const sinceMs = monotonicMs()
      stop.abort()
      assert.deepEqual(await pulling, [])
      assert.ok(monotonicMs() - sinceMs < 2_000, 'it took more than two seconds')
    },
  },
  {
    promise: 'a pull whose signal is already aborted takes nothing',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1 })
      assert.deepEqual(await source.pull(10, AbortSignal.abort()), [])
      assert.equal(bodyOf(await takeOne(opened, source)), '1')
    },
  },
  {
    promise:
      'an abort at any moment loses no message: what was not answered comes to the next pull',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const pulled: string[] = []
      for (let at = 0; at < 30; at++) {
        const stop = new AbortController()
        const pulling = source.pull(10, stop.signal)
        const sending = publisher.send({ body: at })
        if (at % 3 === 0) stop.abort()
        await sending
        stop.abort()
        pulled.push(...(await pulling).map(bodyOf))
      }
      pulled.push(...inOrder(await take(opened, source, 30 - pulled.length)))
      assert.deepEqual(
        pulled.toSorted((a, b) => Number(a) - Number(b)),
        numbers(30),
      )
    },
  },
  {
    promise: 'what is in hand is not pulled again',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 6)
      const taken = [...(await take(opened, source, 2)), ...(await take(opened, source, 4))]
      assert.deepEqual(inOrder(taken), numbers(6))
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'messages that were sent before the group first came are kept for it',
    needs: [],
    async run(opened) {
      await sendNumbers(opened, 5)
      const source = await subscribed(opened)
      assert.deepEqual(inOrder(await consume(opened, source, 5)), numbers(5))
    },
  },
  {
    promise: 'a first delivery is not marked as redelivered, and counts as the first',
    rule: 'P13',
    needs: [marks],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 3)
      for (const { redelivered, deliveryCount = 1 } of await take(opened, source, 3))
        assert.deepEqual([redelivered, deliveryCount], [false, 1])
    },
  },
  {
    promise: 'a group that comes back goes on where it was',
    needs: [],
    async run(opened) {
      await sendNumbers(opened, 4)
      const first = await subscribed(opened)
      await consume(opened, first, 4)
      await first.close()
      await sendNumbers(opened, 2, 4)
      const second = await subscribed(opened)
      assert.deepEqual(inOrder(await consume(opened, second, 2)), ['4', '5'])
      await nothingComes(opened, second)
    },
  },
  {
    promise: 'a pull that nobody aborts answers what comes later, again and again',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      for (let at = 0; at < 5; at++) {
        const pulling = source.pull(1, never)
        await send(opened, { body: at })
        const pulled = await pulling
        assert.deepEqual(pulled.map(bodyOf), [String(at)])
        await source.ack(pulled)
      }
    },
  },
]

/** Fails if it answers within the time. */
async function nothingYet(pulling: Promise<unknown>, ms: number): Promise<void> {
  const quiet = Promise.withResolvers<string>()
  const timer = setTimeout(() => quiet.resolve('nothing yet'), ms)
  const first = await Promise.race([pulling, quiet.promise])
  clearTimeout(timer)
  assert.equal(first, 'nothing yet')
}
