import assert from 'node:assert/strict'
import type { Delivery } from '../../delivery/source.ts'
import { bodyOf, nothingComes, send, subscribed, take, takeOne } from '../source-kit.ts'
import { keyOrder, type SourceCase } from '../source-suite.ts'

const inOrderOf = (orderKey: string, ...bodies: readonly string[]): readonly object[] =>
  bodies.map((body) => ({ body, orderKey }))

const text = (deliveries: readonly Delivery[]): readonly string[] =>
  deliveries.map((delivery) => JSON.parse(bodyOf(delivery)) as string)

export const ordering: readonly SourceCase[] = [
  {
    promise: 'messages of one order key are in one pair of hands at a time; others go on',
    rule: 'P23',
    needs: [keyOrder],
    async run(opened) {
      const [one, other] = [await subscribed(opened), await subscribed(opened)]
      await send(opened, ...(inOrderOf('a', 'a1', 'a2') as never[]), { body: 'b1', orderKey: 'b' })
      await send(opened, ...(inOrderOf('a', 'a3') as never[]), { body: 'free' })
      const first = await takeOne(opened, one)
      assert.deepEqual(text([first]), ['a1'])
      assert.deepEqual(text(await take(opened, other, 2)), ['b1', 'free'])
      await nothingComes(opened, other)
      await one.ack([first])
      assert.deepEqual(text(await take(opened, other, 2)), ['a2', 'a3'])
      await nothingComes(opened, one)
    },
  },
  {
    promise: 'whoever holds the first of an order gets the next ones, too, and in order',
    rule: 'P23',
    needs: [keyOrder],
    async run(opened) {
      const one = await subscribed(opened)
      await send(opened, ...(inOrderOf('a', 'a1', 'a2', 'a3') as never[]))
      assert.deepEqual(text(await take(opened, one, 3)), ['a1', 'a2', 'a3'])
    },
  },
  {
    promise: 'what is given back holds up what comes behind it in its order, and nothing else',
    rule: 'P24',
    needs: [keyOrder],
    async run(opened) {
      const one = await subscribed(opened)
      await send(opened, ...(inOrderOf('a', 'a1') as never[]))
      const first = await takeOne(opened, one)
      await one.nack([first], opened.holdMs)
      await send(opened, ...(inOrderOf('a', 'a2') as never[]), { body: 'b1', orderKey: 'b' })
      assert.deepEqual(text([await takeOne(opened, one)]), ['b1'])
      await opened.passTime(opened.holdMs)
      assert.deepEqual(text(await take(opened, one, 2)), ['a1', 'a2'])
    },
  },
  {
    promise: 'an order key together with a delay is refused',
    needs: [keyOrder],
    async run(opened) {
      const publisher = opened.publisher()
      const both = publisher.send({ body: 1, orderKey: 'a', delay: 10 })
      await assert.rejects(both, { code: 'SEMEL_MESSAGE_INVALID' })
      await publisher.close()
    },
  },
]
