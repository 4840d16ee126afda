import assert from 'node:assert/strict'
import {
  answers,
  completed,
  dead,
  failed,
  identity,
  leased,
  longMs,
  newRecord,
  read,
} from '../store-kit.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

export const inserts: readonly StoreCase[] = [
  {
    promise: 'records written where there was none are known from then on, in each state',
    rule: 'P8',
    needs: [],
    async run(opened) {
      const { inserted, again } = await insertEach(opened)
      assert.deepEqual(inserted, [true, true, true])
      assert.deepEqual(again, [false, false, false])
      const known = ['completed', 'failed', 'dead'].map((key) => identity(key))
      assert.deepEqual(await answers(opened, known), ['completed', 'held', 'dead'])
    },
  },
  {
    promise: 'an insert never changes a record that is there',
    rule: 'P8',
    needs: [],
    async run(opened) {
      const lease = await leased(opened)
      const { leases } = opened.store
      assert.deepEqual(await leases.insert([newRecord({ outcome: dead() })]), [false])
      assert.equal((await read(opened.store))?.state, 'leased')
      assert.equal(await leases.settle(lease, completed()), 'settled')
    },
  },
  {
    promise: 'inserts answer in the order given, also unsorted and with a key that stands twice',
    rule: 'P8',
    needs: [],
    async run({ store }) {
      const keys = ['d', 'a', 'c', 'a', 'b', 'd']
      const records = keys.map((key) => newRecord(identity(key)))
      assert.deepEqual(await store.leases.insert(records.slice(4)), [true, true])
      assert.deepEqual(await store.leases.insert(records), [false, true, true, false, false, false])
      assert.deepEqual(await store.leases.insert([]), [])
      const outcome = completed()
      const alike = ['e', 'f', 'e'].map((key) => newRecord({ ...identity(key), outcome }))
      assert.deepEqual(await store.leases.insert(alike), [true, true, false])
    },
  },
  {
    promise: 'of concurrent inserts of one key exactly one is new',
    rule: 'P8',
    needs: [],
    async run({ store, second = store }) {
      const asked = Array.from({ length: 12 }, (_, at) =>
        (at % 2 === 0 ? store : second).leases.insert([newRecord()]),
      )
      const fresh = (await Promise.all(asked)).flat().filter((isNew) => isNew)
      assert.equal(fresh.length, 1)
    },
  },
]

async function insertEach({
  store,
}: OpenedStore): Promise<Record<'inserted' | 'again', readonly boolean[]>> {
  const outcomes = [completed('1'), failed({ retryInMs: longMs }), dead()]
  const records = outcomes.map((outcome) => newRecord({ ...identity(outcome.state), outcome }))
  const inserted = await store.leases.insert(records)
  return { inserted, again: await store.leases.insert(records) }
}
