import assert from 'node:assert/strict'
import { bodyOf, consume, nothingComes, send, subscribed, takeOne } from '../source-kit.ts'
import { delays, marks, type SourceCase } from '../source-suite.ts'

export const delayed: readonly SourceCase[] = [
  {
    promise: 'a delayed message comes after its delay, and not before',
    needs: [delays],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1, delay: 1_000 })
      await nothingComes(opened, source)
      await opened.passTime(1_000)
      assert.equal(bodyOf(await takeOne(opened, source)), '1')
    },
  },
  {
    promise: 'a delay can be one of the eighteen levels by its name',
    needs: [delays],
    async run(opened) {
      const source = await subscribed(opened)
      await send(
        opened,
        { body: 2, delay: '5s' },
        { body: 1, delay: '1s' },
        { body: 3, delay: '2h' },
      )
      await nothingComes(opened, source)
      await opened.passTime(1_000)
      assert.equal(bodyOf(await takeOne(opened, source)), '1')
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'a delayed message does not hold back the others',
    needs: [delays],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1, delay: 600_000 }, { body: 2 }, { body: 3, delay: 0 })
      assert.deepEqual((await consume(opened, source, 2)).map(bodyOf), ['2', '3'])
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'a delayed message that comes for the first time is not marked as redelivered',
    rule: 'P13',
    needs: [delays, marks],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1, delay: 300 })
      await opened.passTime(300)
      const { redelivered, deliveryCount = 1 } = await takeOne(opened, source)
      assert.deepEqual([redelivered, deliveryCount], [false, 1])
    },
  },
  {
    promise: 'a delayed message waits for a group that comes only after its time',
    needs: [delays],
    async run(opened) {
      await send(opened, { body: 1, delay: 200 })
      await opened.passTime(200)
      assert.equal(bodyOf(await takeOne(opened, await subscribed(opened))), '1')
    },
  },
  {
    promise: 'a delayed message goes to every group, when its time has come',
    needs: [delays],
    async run(opened) {
      const [points, mail] = [
        await subscribed(opened),
        await subscribed(opened, {}, { group: 'mail' }),
      ]
      await send(opened, { body: 1, delay: 500 }, { body: 2 })
      for (const source of [points, mail])
        assert.deepEqual((await consume(opened, source, 1)).map(bodyOf), ['2'])
      await opened.passTime(500)
      for (const source of [points, mail])
        assert.deepEqual((await consume(opened, source, 1)).map(bodyOf), ['1'])
    },
  },
]
