import assert from 'node:assert/strict'
import type { OutgoingMessage } from '../../delivery/publisher.ts'
import { bodyOf, consume, inOrder, nothingComes, numbers, subscribed, take } from '../source-kit.ts'
import { coded } from '../store-kit.ts'
import { order, refusals, type SourceCase } from '../source-suite.ts'

const circle: { self?: unknown } = {}
circle.self = circle

/** What no broker is given. */
const invalid: Readonly<Record<string, object>> = {
  'no body': {},
  'a body that is a function': { body: () => 1 },
  'a circular body': { body: circle },
  'a body with NaN': { body: { total: Number.NaN } },
  'an empty topic': { body: 1, topic: '' },
  'an id with a lone surrogate': { body: 1, id: 'a\ud800' },
  'an id that is a number': { body: 1, id: 17 },
  'a key with a lone surrogate': { body: 1, key: '\udfff' },
  'a tag with a bar': { body: 1, tag: 'A|B' },
  'a header that is a number': { body: 1, headers: { attempt: 1 } },
  'a header with a lone surrogate': { body: 1, headers: { a: '\ud800' } },
  'a negative delay': { body: 1, delay: -1 },
  'a delay that is no number': { body: 1, delay: Number.NaN },
  'a level that does not exist': { body: 1, delay: '3s' },
  'a field that does not exist': { body: 1, delayMs: 5 },
}

export const sending: readonly SourceCase[] = [
  {
    promise: 'a message that is sent is there when the promise resolves',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const id = await publisher.send({ body: 1 })
      const [delivery] = await consume(opened, source, 1)
      assert.equal(delivery?.message.id, id)
      await publisher.close()
    },
  },
  {
    promise: 'a batch answers its ids in the order of its messages, and comes in that order',
    needs: [order],
    async run(opened) {
      const source = await subscribed(opened)
      const ids = await opened.publisher().sendBatch(numbers(50).map((body) => ({ body })))
      assert.equal(new Set(ids).size, 50)
      const came = await take(opened, source, 50)
      assert.deepEqual(
        came.map(({ message }) => message.id),
        ids,
      )
    },
  },
  {
    promise: 'of a batch with one bad message nothing is sent, and an empty batch is none',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const batch = [{ body: 1 }, { body: circle }, { body: 3 }]
      await assert.rejects(publisher.sendBatch(batch), coded('SEMEL_MESSAGE_INVALID'))
      assert.deepEqual(await publisher.sendBatch([]), [])
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'what is enqueued is stored when the flush resolves, in its order',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      for (let body = 0; body < 100; body++) publisher.enqueue({ body })
      await publisher.flush()
      const came = (await take(opened, source, 100)).map(bodyOf)
      const asSent = source.capabilities.order === 'none' ? came.toSorted(byNumber) : came
      assert.deepEqual(asSent, numbers(100))
      await publisher.flush()
    },
  },
  {
    promise: 'awaited and enqueued messages of one publisher keep their order',
    needs: [order],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      publisher.enqueue({ body: 0 })
      const awaited = publisher.send({ body: 1 })
      publisher.enqueue({ body: 2 })
      await awaited
      await publisher.flush()
      assert.deepEqual((await take(opened, source, 3)).map(bodyOf), numbers(3))
    },
  },
  {
    promise: 'closing a publisher stores what was enqueued before',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      for (let body = 0; body < 10; body++) publisher.enqueue({ body })
      await publisher.close()
      assert.deepEqual(inOrder(await take(opened, source, 10)), numbers(10))
    },
  },
  {
    promise: 'more messages in flight than allowed are refused, and the others are stored',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher({ inFlightMax: 5 })
      for (let body = 0; body < 5; body++) publisher.enqueue({ body })
      assert.throws(() => publisher.enqueue({ body: 5 }), coded('SEMEL_SEND_OVERFLOW'))
      await publisher.flush()
      publisher.enqueue({ body: 5 })
      await publisher.flush()
      assert.deepEqual(inOrder(await take(opened, source, 6)), numbers(6))
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'a message that is sent one way arrives, and a bad one says nothing',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const heard: unknown[] = []
      const publisher = opened.publisher({ onError: (error) => heard.push(error) })
      publisher.sendOneWay({ body: circle })
      publisher.sendOneWay({ body: 1 })
      assert.deepEqual((await take(opened, source, 1)).map(bodyOf), ['1'])
      await publisher.flush()
      await publisher.close()
      publisher.sendOneWay({ body: 2 })
      assert.deepEqual(heard, [])
    },
  },
  {
    promise: 'a flush throws the first error since the last one, and the listener hears each',
    needs: [refusals],
    async run(opened) {
      const heard: unknown[] = []
      const publisher = opened.publisher({ onError: (error) => heard.push(error) })
      const accept = await opened.refuseSends?.()
      await assert.rejects(publisher.send({ body: 0 }))
      publisher.enqueue({ body: 1 })
      publisher.sendOneWay({ body: 2 })
      const failed = await publisher.flush().then(
        () => undefined,
        (error: unknown) => error,
      )
      assert.ok(failed)
      assert.deepEqual(heard, [failed])
      await accept?.()
      await publisher.flush()
      const source = await subscribed(opened)
      publisher.enqueue({ body: 3 })
      await publisher.flush()
      assert.deepEqual((await take(opened, source, 1)).map(bodyOf), ['3'])
    },
  },
  {
    promise:
      'a message that is not well formed is refused by every way of sending, naming what is wrong',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      for (const [name, message] of Object.entries(invalid)) {
        const bad = message as OutgoingMessage
        await assert.rejects(publisher.send(bad), coded('SEMEL_MESSAGE_INVALID'), name)
        assert.throws(() => publisher.enqueue(bad), coded('SEMEL_MESSAGE_INVALID'), name)
      }
      await publisher.flush()
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'a message without a topic is refused where the publisher has none of its own',
    needs: [],
    async run(opened) {
      const publisher = opened.publisher({ topic: undefined })
      await assert.rejects(publisher.send({ body: 1 }), coded('SEMEL_MESSAGE_INVALID'))
      const topic = opened.topic('given')
      await publisher.send({ body: 1, topic })
      await consume(opened, await subscribed(opened, { topic }), 1)
    },
  },
  {
    promise: 'a body larger than allowed is refused before it is sent',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher({ bodyBytesMax: 16 })
      const body = new Uint8Array(17)
      await assert.rejects(publisher.send({ body }), coded('SEMEL_BODY_TOO_LARGE'))
      await publisher.send({ body: body.subarray(1) })
      await consume(opened, source, 1)
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'what the caller changes after sending is not what is sent',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const body = new Uint8Array(4)
      const headers = { trace: 'before' }
      publisher.enqueue({ body, headers })
      body.fill(9)
      headers.trace = 'after'
      await publisher.flush()
      const [delivery] = await take(opened, source, 1)
      assert.deepEqual([...(delivery?.message.body ?? [])], [0, 0, 0, 0])
      assert.equal(delivery?.message.headers['trace'], 'before')
    },
  },
  {
    promise: 'a closed publisher refuses every message, and can be closed again',
    needs: [],
    async run(opened) {
      const publisher = opened.publisher()
      await publisher.close()
      await publisher.close()
      await assert.rejects(publisher.send({ body: 1 }), coded('SEMEL_SOURCE_CLOSED'))
      await assert.rejects(publisher.sendBatch([{ body: 1 }]), coded('SEMEL_SOURCE_CLOSED'))
      assert.throws(() => publisher.enqueue({ body: 1 }), coded('SEMEL_SOURCE_CLOSED'))
    },
  },
]

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b)
}
