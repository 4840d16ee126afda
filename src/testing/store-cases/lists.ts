import assert from 'node:assert/strict'
import type { RecordFilter } from '../../inbox/inspector.ts'
import { decodeScope } from '../../inbox/identity.ts'
import { readableKey } from '../../inbox/key.ts'
import { completed, dead, failed, identity, longMs, pass, settled } from '../store-kit.ts'
import { arrangeAll, situations } from '../store-situations.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

async function listed(
  { store }: OpenedStore,
  filter: Partial<RecordFilter> = {},
): Promise<readonly string[]> {
  const records = await store.inspector.list({ limit: 100, ...filter })
  return records.map(({ key, readable }) => readableKey(key, readable))
}

/** Records of three groups, one of which begins with the name of another. */
async function threeGroups(opened: OpenedStore): Promise<void> {
  await settled(opened, completed(), identity('a', 'points'))
  await settled(opened, failed({ retryInMs: longMs }), identity('b', 'points'))
  await settled(opened, completed(), identity('c', 'points2'))
  await settled(opened, dead(), identity('d', 'p'))
  await settled(opened, completed(), identity('e', 'points'))
}

export const lists: readonly StoreCase[] = [
  {
    promise: 'records are listed by group, and a group is not one that begins with its name',
    needs: [],
    async run(opened) {
      await threeGroups(opened)
      const byGroup = ['points', 'points2', 'p', 'po', ''].map((group) => listed(opened, { group }))
      const names = (await Promise.all(byGroup)).map((keys) => [...keys].sort().join(''))
      assert.deepEqual(names, ['abe', 'c', 'd', '', ''])
      assert.equal((await listed(opened)).length, 5)
    },
  },
  {
    promise: 'records are listed by state, by reason and by whether their message is kept',
    needs: [],
    async run(opened) {
      await arrangeAll(opened)
      await settled(opened, failed({ reason: 'timeout', retryInMs: longMs }), identity('late'))
      const named = (pattern: RegExp): readonly string[] =>
        [...situations, 'late'].filter((name) => pattern.test(name)).sort()
      const filtered = async (filter: Partial<RecordFilter>): Promise<readonly string[]> =>
        [...(await listed(opened, filter))].sort()
      assert.deepEqual(await filtered({ state: 'leased' }), named(/leased/))
      assert.deepEqual(await filtered({ state: 'dead' }), named(/dead/))
      assert.deepEqual(await filtered({ reason: 'timeout' }), ['late'])
      assert.deepEqual(await filtered({ reason: 'permanent', state: 'failed' }), [])
      assert.deepEqual(await filtered({ withMessage: true }), named(/parked|message/))
      const both = await filtered({ withMessage: true, state: 'dead' })
      assert.deepEqual(both, ['dead with its message'])
    },
  },
  {
    promise: 'the newest change is listed first',
    needs: [],
    async run(opened) {
      for (const key of ['b', 'c', 'a']) {
        await settled(opened, failed(), identity(key))
        await pass(opened)
      }
      await settled(opened, completed(), identity('c'))
      assert.deepEqual(await listed(opened), ['c', 'a', 'b'])
    },
  },
  {
    promise: 'pages of a list have every record once, in one order',
    needs: [],
    async run(opened) {
      const keys = Array.from({ length: 11 }, (_, at) => `k-${at}`)
      for (const key of keys) await settled(opened, completed(), identity(key))
      const pages: string[] = []
      for (let offset = 0; offset < 12; offset += 4)
        pages.push(...(await listed(opened, { limit: 4, offset, group: 'points' })))
      assert.deepEqual(pages, await listed(opened))
      assert.deepEqual(pages.sort(), keys.sort())
      assert.deepEqual(await listed(opened, { limit: 4, offset: 20 }), [])
    },
  },
  {
    promise: 'records are counted by scope and state, of all groups or of one',
    needs: [],
    async run(opened) {
      await threeGroups(opened)
      const counted = async (group?: string): Promise<readonly string[]> =>
        (await opened.store.inspector.count(group))
          .map(({ scope, state, records }) => `${decodeScope(scope).group} ${state} ${records}`)
          .sort()
      assert.deepEqual(await counted('points'), ['points completed 2', 'points failed 1'])
      assert.deepEqual(await counted('points2'), ['points2 completed 1'])
      assert.deepEqual(await counted('nobody'), [])
      assert.equal((await counted()).length, 4)
    },
  },
]
