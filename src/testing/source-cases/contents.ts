import assert from 'node:assert/strict'
import { utf8 } from '../../inbox/bytes.ts'
import { consume, send, sendNumbers, subscribed, take, takeOne } from '../source-kit.ts'
import { same } from '../store-kit.ts'
import { producerIds, type SourceCase, tags } from '../source-suite.ts'

const bodies: readonly (readonly [name: string, body: Uint8Array])[] = [
  ['empty', new Uint8Array()],
  ['every byte', Uint8Array.from({ length: 256 }, (_, at) => at)],
  ['broken UTF-8', Uint8Array.of(0xc3, 0x28, 0xff, 0x00)],
  ['non-ASCII', utf8('Käse — 漢字 — 🧾')],
  ['1 MiB', Uint8Array.from({ length: 1_048_576 }, (_, at) => (at * 31) % 256)],
]

export const contents: readonly SourceCase[] = [
  {
    promise: 'bodies come byte for byte: empty, binary, non-ASCII, 1 MiB',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      for (const [name, body] of bodies) {
        await send(opened, { body })
        const [delivery] = await consume(opened, source, 1)
        same(delivery?.message.body, body, name)
      }
    },
  },
  {
    promise: 'a view of a larger buffer is sent as what it shows',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const large = utf8('before {"order":17} after')
      await send(opened, { body: large.subarray(7, 19) })
      same((await takeOne(opened, source)).message.body, utf8('{"order":17}'))
    },
  },
  {
    promise: 'what is no bytes is sent as JSON in UTF-8, big integers exactly',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const values: readonly (readonly [body: unknown, text: string])[] = [
        [{ order: 17, name: 'Zoë' }, '{"order":17,"name":"Zoë"}'],
        ['text', '"text"'],
        [null, 'null'],
        [0, '0'],
        [{ id: 9_007_199_254_740_993n }, '{"id":9007199254740993}'],
      ]
      for (const [body, text] of values) {
        await send(opened, { body })
        const [delivery] = await consume(opened, source, 1)
        same(delivery?.message.body, utf8(text))
      }
    },
  },
  {
    promise: 'keys and headers come as they were sent, also empty and non-ASCII ones',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const headers = {
        trace: '0af7',
        empty: '',
        name: 'Zoë — 漢字 🧾',
        'X-Case': 'A',
        quote: '"\\',
      }
      await send(opened, { body: 1, key: 'Käse 17', headers })
      const { message } = await takeOne(opened, source)
      assert.equal(message.key, 'Käse 17')
      assert.deepEqual({ ...message.headers }, headers)
    },
  },
  {
    promise: 'what a producer does not give is not there',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1 })
      const { key, tag, headers } = (await takeOne(opened, source)).message
      assert.deepEqual([key, tag, { ...headers }], [undefined, undefined, {}])
    },
  },
  {
    promise: 'a tag comes as it was sent',
    needs: [tags],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1, tag: 'PAID' })
      assert.equal((await takeOne(opened, source)).message.tag, 'PAID')
    },
  },
  {
    promise: 'ids given by the producer are kept, also when they come twice',
    needs: [producerIds],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const ids = ['order-17', 'order-18', 'order-17']
      const answered = [await publisher.send({ id: 'order-17', body: 1 })]
      const rest = [
        { id: 'order-18', body: 2 },
        { id: 'order-17', body: 3 },
      ]
      answered.push(...(await publisher.sendBatch(rest)))
      assert.deepEqual(answered, ids)
      const came = (await take(opened, source, 3)).map(({ message }) => message.id)
      assert.deepEqual(came.sort(), [...ids].sort())
    },
  },
  {
    promise: 'ids that nobody gave are made, answered to the producer, and all different',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const publisher = opened.publisher()
      const made = [await publisher.send({ body: 1 })]
      made.push(...(await publisher.sendBatch([{ body: 2 }, { body: 3 }])))
      assert.equal(new Set(made).size, 3)
      const came = (await take(opened, source, 3)).map(({ message }) => message.id)
      assert.deepEqual(came.sort(), made.sort())
    },
  },
  {
    promise: 'a message is the same at every delivery: id, topic, key, headers, body, time',
    rule: 'P3',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: { order: 17 }, key: 'A-17', headers: { trace: '0af7' } })
      const first = await take(opened, source, 1)
      await source.nack(first, 0)
      same((await takeOne(opened, source)).message, first[0]?.message)
    },
  },
  {
    promise: 'the topic is the one to which the message was first sent, also after it came back',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 1)
      const first = await take(opened, source, 1)
      assert.equal(first[0]?.message.topic, source.topic)
      await source.nack(first, 0)
      assert.equal((await takeOne(opened, source)).message.topic, source.topic)
    },
  },
]
