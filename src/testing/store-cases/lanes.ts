import assert from 'node:assert/strict'
import { utf8 } from '../../inbox/bytes.ts'
import { encodeLane } from '../../inbox/identity.ts'
import { readableKey } from '../../inbox/key.ts'
import type { Lease, Outcome } from '../../inbox/record.ts'
import {
  brief,
  claim,
  claimId,
  completed,
  dead,
  failed,
  fingerprint,
  granted,
  identity,
  inTransaction,
  newRecord,
  origin,
  parkedMessage,
  pass,
  request,
  terms,
} from '../store-kit.ts'
import { type OpenedStore, type StoreCase, transactions } from '../store-suite.ts'

const lane = encodeLane(origin, undefined, 'account 7')
const otherLane = encodeLane(origin, undefined, 'account 8')
const inLane = (key: string): Outcome =>
  failed({
    reason: 'behind',
    counted: false,
    retryInMs: 0,
    message: parkedMessage({ id: key, lane }),
  })

/** Parks these keys in one call, in this order. */
async function park({ store }: OpenedStore, ...keys: readonly string[]): Promise<void> {
  await store.leases.insert(
    keys.map((key) => newRecord({ ...identity(key), outcome: inLane(key) })),
  )
}

async function dueKeys({ store }: OpenedStore): Promise<readonly string[]> {
  const due = await store.parking.due(origin, 100)
  return due.map(({ key, readable }) => readableKey(key, readable))
}

async function take(opened: OpenedStore, key: string, given = {}): Promise<Lease> {
  return (await granted(opened, { ...identity(key), by: 'parked', ...given })).lease
}

export const lanes: readonly StoreCase[] = [
  {
    promise:
      'places in a lane are those of the order in which messages are given, whatever their keys',
    rule: 'P23',
    needs: [],
    async run(opened) {
      await park(opened, 'z', 'm', 'a')
      await park(opened, 'k')
      assert.deepEqual(await dueKeys(opened), ['z', 'm', 'a', 'k'])
    },
  },
  {
    promise: 'a delivery is told to stand behind what is parked in its lane; another lane is free',
    rule: 'P23',
    needs: [],
    async run(opened) {
      await park(opened, 'a')
      assert.equal((await claim(opened, { ...identity('b'), lane })).kind, 'behind')
      assert.equal((await claim(opened, { ...identity('c'), lane: otherLane })).kind, 'granted')
      assert.equal((await claim(opened, { ...identity('d') })).kind, 'granted')
    },
  },
  {
    promise:
      'only the first of a lane is taken; under one claim id those directly behind it go with it',
    rule: 'P23',
    needs: [],
    async run(opened) {
      await park(opened, 'a', 'b', 'c')
      assert.equal((await claim(opened, { ...identity('b'), by: 'parked' })).kind, 'behind')
      const together = claimId()
      const asked = ['a', 'b'].map((key) =>
        request({ ...identity(key), by: 'parked', claimId: together }),
      )
      const claims = await opened.store.leases.claim(asked, terms)
      assert.deepEqual(
        claims.map(({ kind }) => kind),
        ['granted', 'granted'],
      )
      assert.equal((await claim(opened, { ...identity('c'), by: 'parked' })).kind, 'behind')
      const missing = request({ ...identity('c'), by: 'parked', claimId: claimId() })
      const [late] = await opened.store.leases.claim([missing], terms)
      assert.equal(late?.kind, 'behind')
    },
  },
  {
    promise:
      'a lane goes on when its first is completed, or dead; who came too early holds nobody up',
    rule: 'P25',
    needs: [],
    async run(opened) {
      const { leases } = opened.store
      await park(opened, 'a', 'b', 'c', 'd')
      await leases.settle(await take(opened, 'a'), completed())
      assert.deepEqual(await dueKeys(opened), ['b', 'c', 'd'])
      await leases.settle(await take(opened, 'b'), dead())
      assert.deepEqual(await dueKeys(opened), ['c', 'd'])
      const early = failed({ reason: 'early', counted: false, retryInMs: 0 })
      await leases.settle(await take(opened, 'c'), early)
      assert.deepEqual((await dueKeys(opened)).toSorted(), ['c', 'd'])
      assert.equal((await take(opened, 'd')).attempt, 1)
    },
  },
  {
    promise: 'a redriven message joins the end of its lane',
    rule: 'P25',
    needs: [],
    async run(opened) {
      await park(opened, 'a', 'b')
      await opened.store.leases.settle(await take(opened, 'a'), dead())
      const redrive = { kind: 'redrive', who: 'ann', why: 'account made' } as const
      await opened.store.inspector.act(identity('a'), redrive)
      assert.deepEqual(await dueKeys(opened), ['b', 'a'])
    },
  },
  {
    promise:
      'of a lane whose first is not due nothing is due, and one that was left leased is due alone',
    rule: 'P21',
    needs: [],
    async run(opened) {
      const { leases } = opened.store
      await park(opened, 'a', 'b')
      await leases.settle(await take(opened, 'a'), failed())
      assert.deepEqual(await dueKeys(opened), [])
      await pass(opened)
      assert.deepEqual(await dueKeys(opened), ['a', 'b'])
      await granted(opened, { ...identity('a'), by: 'parked' }, brief)
      assert.deepEqual(await dueKeys(opened), [])
      await pass(opened)
      assert.deepEqual(await dueKeys(opened), ['a'])
    },
  },
  {
    promise: 'only the first of a lane is buried',
    rule: 'P21',
    needs: [],
    async run(opened) {
      await park(opened, 'a', 'b')
      const once = { ...terms, attemptsMax: 0 }
      assert.equal((await claim(opened, { ...identity('b'), by: 'parked' }, once)).kind, 'behind')
      assert.equal(
        (await claim(opened, { ...identity('a'), by: 'parked' }, once)).kind,
        'exhausted',
      )
    },
  },
  {
    promise: 'the fullest lane is counted',
    rule: 'P26',
    needs: [],
    async run(opened) {
      await park(opened, 'a', 'b', 'c')
      const other = failed({ message: parkedMessage({ id: 'x', lane: otherLane }) })
      await opened.store.leases.insert([newRecord({ ...identity('x'), outcome: other })])
      assert.equal((await opened.store.parking.usage('points')).perLane, 3)
      assert.equal((await opened.store.parking.usage('mail')).perLane, 0)
    },
  },
  {
    promise:
      'inside a transaction it is seen what is parked in a lane, also by the transaction itself',
    rule: 'P23',
    needs: [transactions],
    async run(opened) {
      await park(opened, 'a')
      const seen = await inTransaction(opened, async (open) => {
        const before = await open.parkedIn([lane, otherLane])
        const outcome = failed({
          message: parkedMessage({ id: 'x', lane: otherLane, body: utf8('{}') }),
        })
        await open.insert([{ ...identity('x'), fingerprint, outcome }])
        return [before, await open.parkedIn([lane, otherLane])]
      })
      assert.deepEqual(seen, [
        [true, false],
        [true, true],
      ])
    },
  },
]
