import assert from 'node:assert/strict'
import { rates, type StoreCase } from '../store-suite.ts'

export const rateCases: readonly StoreCase[] = [
  {
    promise:
      'a group starts no more than its rate, whoever asks; other groups have rates of their own',
    needs: [rates],
    async run({ store, passTime }) {
      const take = (
        group: string,
        wanted: number,
      ): ReturnType<NonNullable<typeof store.rates>['take']> =>
        store.rates?.take(group, 100, wanted) ?? Promise.reject(new Error('no rates'))
      const first = await take('points', 1_000)
      assert.ok(first.granted >= 1 && first.granted <= 11, `${first.granted} at once`)
      let granted = first.granted
      while ((await take('points', 1)).granted > 0) granted++
      assert.ok(granted <= 12, `${granted} at once`)
      const none = await take('points', 5)
      assert.equal(none.granted, 0)
      assert.ok(
        none.waitMs > 0 && none.waitMs <= 10,
        `waits ${none.waitMs} ms for one of 100 a second`,
      )
      assert.equal((await take('mail', 1)).granted, 1)
      await passTime(Math.ceil(none.waitMs) + 2 * store.capabilities.timePrecisionMs)
      assert.equal((await take('points', 1)).granted, 1)
    },
  },
  {
    promise:
      'nobody gets more than was wanted, and after a long quiet time a tenth of a second at once',
    needs: [rates],
    async run({ store, passTime }) {
      await store.rates?.take('points', 1_000, 1)
      await passTime(60_000)
      assert.equal((await store.rates?.take('points', 1_000, 3))?.granted, 3)
      await passTime(60_000)
      const { granted = 0 } = (await store.rates?.take('points', 1_000, 10_000)) ?? {}
      assert.ok(granted >= 100 && granted <= 102, `${granted} at once`)
    },
  },
]
