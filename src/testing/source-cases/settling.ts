import assert from 'node:assert/strict'
import type { Delivery } from '../../delivery/source.ts'
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
import { delays, guarded, holds, marks, type SourceCase } from '../source-suite.ts'

const ending = { ending: true }

function again({ redelivered, deliveryCount = 2 }: Delivery, count = 2): void {
  assert.equal(redelivered, true)
  assert.ok(deliveryCount >= count, `it is delivery ${deliveryCount}`)
}

export const settling: readonly SourceCase[] = [
  {
    promise: 'what is acknowledged never comes again, also after its consumer died',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened, ending)
      await sendNumbers(opened, 5)
      await consume(opened, source, 5)
      await opened.crash(source)
      await nothingComes(opened, await subscribed(opened, ending))
    },
  },
  {
    promise: 'what is not acknowledged comes again when its consumer has died, and says so',
    rule: 'P13',
    needs: [marks],
    async run(opened) {
      const source = await subscribed(opened, ending)
      await sendNumbers(opened, 3)
      const first = await take(opened, source, 3)
      await opened.crash(source)
      const second = await take(opened, await subscribed(opened, ending), 3)
      assert.deepEqual(inOrder(second), inOrder(first))
      for (const delivery of second) again(delivery)
    },
  },
  {
    promise: 'of what was in hand only what is not acknowledged comes again',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened, ending)
      await sendNumbers(opened, 6)
      const taken = await take(opened, source, 6)
      await source.ack(taken.filter((delivery) => Number(bodyOf(delivery)) % 2 === 0))
      await opened.crash(source)
      const next = await subscribed(opened, ending)
      assert.deepEqual(inOrder(await take(opened, next, 3)), ['1', '3', '5'])
    },
  },
  {
    promise: 'nobody gets a message while its hold lasts',
    needs: [],
    async run(opened) {
      const owner = await subscribed(opened)
      await send(opened, { body: 1 })
      await takeOne(opened, owner)
      await nothingComes(opened, await subscribed(opened))
    },
  },
  {
    promise: 'a message comes again when its hold has ended, and is counted each time',
    rule: 'P13',
    needs: [holds, marks],
    async run(opened) {
      const source = await subscribed(opened, ending)
      await send(opened, { body: 1 })
      const { message } = await takeOne(opened, source)
      for (const count of [2, 3]) {
        await opened.passTime(opened.holdMs)
        const delivery = await takeOne(opened, source)
        assert.equal(delivery.message.id, message.id)
        again(delivery, count)
      }
    },
  },
  {
    promise: 'a renewed message stays with its consumer beyond the end of its first hold',
    needs: [holds],
    async run(opened) {
      const owner = await subscribed(opened, ending)
      const other = await subscribed(opened, ending)
      await send(opened, { body: 1 })
      const mine = await take(opened, owner, 1)
      for (let round = 0; round < 6; round++) {
        await opened.passTime(opened.holdMs / 3)
        await owner.renew(mine)
        assert.deepEqual(await other.pull(1, AbortSignal.timeout(1)), [], `round ${round}`)
      }
      await owner.ack(mine)
      await opened.passTime(opened.holdMs)
      await nothingComes(opened, other)
    },
  },
  {
    promise: 'an acknowledgement by a former owner does not count for the one who has it now',
    rule: 'P7',
    needs: [holds, guarded],
    async run(opened) {
      const former = await subscribed(opened, ending)
      await send(opened, { body: 1 })
      const late = await take(opened, former, 1)
      await opened.passTime(opened.holdMs)
      const owner = await subscribed(opened, ending)
      await takeOne(opened, owner)
      await former.ack(late).catch(() => {})
      await opened.crash(owner)
      assert.equal(bodyOf(await takeOne(opened, await subscribed(opened, ending))), '1')
    },
  },
  {
    promise:
      'a former owner can neither give back nor keep what somebody else has now, also by closing',
    rule: 'P7',
    needs: [holds, guarded],
    async run(opened) {
      const former = await subscribed(opened, ending)
      await send(opened, { body: 1 })
      const late = await take(opened, former, 1)
      await opened.passTime(opened.holdMs)
      const owner = await subscribed(opened)
      const mine = await take(opened, owner, 1)
      await former.nack(late, 0).catch(() => {})
      await former.renew(late).catch(() => {})
      await former.close()
      await nothingComes(opened, await subscribed(opened))
      await opened.passTime(opened.holdMs)
      await nothingComes(opened, await subscribed(opened))
      await owner.ack(mine)
    },
  },
  {
    promise: 'an acknowledgement that is repeated does no harm',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 2)
      const [first, second] = await take(opened, source, 2)
      assert.ok(first && second)
      await source.ack([first])
      await source.ack([first, second])
      await source.ack([])
      await nothingComes(opened, source)
      await sendNumbers(opened, 1, 2)
      assert.equal(bodyOf(await takeOne(opened, source)), '2')
    },
  },
  {
    promise: 'what is given back without a delay comes again at once, and says so',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 2)
      const taken = await take(opened, source, 2)
      await source.nack(taken, 0)
      const back = await take(opened, source, 2)
      assert.deepEqual(inOrder(back), numbers(2))
      if (source.capabilities.marksRedelivery) for (const delivery of back) again(delivery)
    },
  },
  {
    promise: 'what is given back with a delay comes again after it, and not before',
    needs: [delays],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1 })
      await source.nack(await take(opened, source, 1), 1_000)
      await nothingComes(opened, source)
      await opened.passTime(1_000)
      assert.equal(bodyOf(await takeOne(opened, source)), '1')
    },
  },
  {
    promise: 'what is given back with a delay does not hold back the others',
    needs: [delays],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 3)
      await source.nack(await take(opened, source, 1), 600_000)
      await sendNumbers(opened, 1, 3)
      const others = await consume(opened, source, 3)
      assert.equal(new Set(others.map(bodyOf)).size, 3)
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'a message that is given back many times is not lost',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1 })
      for (let round = 0; round < 12; round++) await source.nack(await take(opened, source, 1), 0)
      assert.equal(bodyOf(await takeOne(opened, source)), '1')
    },
  },
]
