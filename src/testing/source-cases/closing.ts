import assert from 'node:assert/strict'
import type { Source } from '../../delivery/source.ts'
import { bodyOf, inOrder, numbers, sendNumbers, subscribed, take, takeOne } from '../source-kit.ts'
import { coded } from '../store-kit.ts'
import type { SourceCase } from '../source-suite.ts'

const calls: Readonly<Record<string, (source: Source) => Promise<unknown>>> = {
  open: (source) => source.open({ group: 'points', instance: undefined }),
  pull: (source) => source.pull(1, AbortSignal.timeout(1_000)),
  ack: (source) => source.ack([]),
  nack: (source) => source.nack([], 0),
  renew: (source) => source.renew([]),
}

export const closing: readonly SourceCase[] = [
  {
    promise: 'a closed source gives back what is in hand',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await sendNumbers(opened, 3)
      await take(opened, source, 3)
      await source.close()
      assert.deepEqual(inOrder(await take(opened, await subscribed(opened), 3)), numbers(3))
    },
  },
  {
    promise: 'a closed source refuses every call, and can be closed again',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      await source.close()
      await source.close()
      for (const [name, call] of Object.entries(calls))
        await assert.rejects(async () => call(source), coded('SEMEL_SOURCE_CLOSED'), name)
    },
  },
  {
    promise: 'a source that is closed while a pull waits ends the pull',
    needs: [],
    async run(opened) {
      const source = await subscribed(opened)
      const ended = source.pull(1, AbortSignal.timeout(30_000)).catch((error: unknown) => {
        coded('SEMEL_SOURCE_CLOSED')(error)
        return []
      })
      await source.close()
      assert.deepEqual(await ended, [])
    },
  },
  {
    promise: 'a source can be closed without ever having been opened',
    needs: [],
    async run(opened) {
      await opened.source().close()
    },
  },
  {
    promise: 'closing one consumer leaves the others of its group their messages',
    needs: [],
    async run(opened) {
      const [leaves, stays] = [await subscribed(opened), await subscribed(opened)]
      await sendNumbers(opened, 2)
      const mine = await take(opened, stays, 1)
      await leaves.close()
      await stays.ack(mine)
      const next = await takeOne(opened, stays)
      assert.notEqual(bodyOf(next), mine.map(bodyOf)[0])
      await stays.ack([next])
    },
  },
  {
    promise: 'a source says what it can: its name, its topic and how long it holds',
    needs: [],
    async run(opened) {
      const source = opened.source({ topic: opened.topic('mine'), ending: true })
      assert.equal(source.topic, opened.topic('mine'))
      assert.notEqual(source.name, '')
      const { holdMs = 1, redeliveryHorizonMs, deliveriesMax = 1 } = source.capabilities
      for (const limit of [holdMs, redeliveryHorizonMs, deliveriesMax])
        assert.ok(limit > 0, `${limit} is not above zero`)
      await source.close()
    },
  },
]
