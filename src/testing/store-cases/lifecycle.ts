import assert from 'node:assert/strict'
import type { Store } from '../../inbox/store.ts'
import {
  claimId,
  claim,
  coded,
  completed,
  dead,
  effect,
  effectOf,
  identity,
  inTransaction,
  leased,
  longMs,
  newRecord,
  origin,
  request,
  same,
  standing,
  terms,
} from '../store-kit.ts'
import { arrangeAll, situations } from '../store-situations.ts'
import { durable, secondHandle, type StoreCase, transactions } from '../store-suite.ts'

const lease = { ...identity(), claimId: claimId(), token: 1, attempt: 1 }

/** Every call of the port. */
const calls: Readonly<Record<string, (store: Store) => Promise<unknown> | undefined>> = {
  prepare: (store) => store.prepare(),
  claim: ({ leases }) => leases.claim([request()], terms),
  renew: ({ leases }) => leases.renew([lease], longMs),
  settle: ({ leases }) => leases.settle(lease, completed()),
  bury: ({ leases }) => leases.bury(lease, 1, dead()),
  release: ({ leases }) => leases.release(lease),
  insert: ({ leases }) => leases.insert([newRecord()]),
  read: ({ leases }) => leases.read([lease]),
  due: ({ parking }) => parking.due(origin, 1),
  usage: ({ parking }) => parking.usage('points'),
  list: ({ inspector }) => inspector.list({ limit: 1 }),
  count: ({ inspector }) => inspector.count(),
  show: ({ inspector }) => inspector.show(lease),
  act: ({ inspector }) => inspector.act(lease, { kind: 'forget', who: 'Zoë', why: 'test' }),
  prune: ({ inspector }) => inspector.prune(1),
  open: (store) => store.transactions?.open(({ insert }) => insert([newRecord()])),
}

async function standings(store: Store): Promise<readonly (object | undefined)[]> {
  return Promise.all(situations.map((key) => standing(store, identity(key))))
}

export const lifecycle: readonly StoreCase[] = [
  {
    promise: 'a store says what it can: its limits are numbers above zero',
    needs: [],
    async run({ store: { capabilities, name } }) {
      const { batchMax, concurrentTransactions, timePrecisionMs } = capabilities
      for (const limit of [batchMax, concurrentTransactions, timePrecisionMs])
        assert.ok(limit > 0, `${limit} is not above zero`)
      assert.notEqual(name, '')
    },
  },
  {
    promise: 'a store can be prepared again and again, also at once, and keeps its records',
    needs: [],
    async run(opened) {
      await leased(opened)
      const { store } = opened
      await Promise.all([store.prepare(), store.prepare(), store.prepare()])
      assert.equal((await claim(opened)).kind, 'held')
    },
  },
  {
    promise: 'a closed store refuses every call, and can be closed again',
    needs: [],
    async run({ store }) {
      await store.close()
      await store.close()
      for (const [name, call] of Object.entries(calls)) {
        const refused = async (): Promise<unknown> => {
          const answer = call(store)
          if (answer === undefined) throw Object.assign(new Error('none'), { code: 'none' })
          return answer
        }
        const code = name === 'open' && !store.transactions ? 'none' : 'SEMEL_STORE_CLOSED'
        await assert.rejects(refused, coded(code), name)
      }
    },
  },
  {
    promise: 'a transaction during which the store is closed is committed whole, or refused whole',
    needs: [transactions],
    async run(opened) {
      const { store } = opened
      const closing: Promise<void>[] = []
      const outcome = await inTransaction(opened, async (transaction) => {
        await transaction.insert([newRecord()])
        closing.push(store.close())
        await effect(opened, transaction, 'A-17')
        await transaction.seal([{ ...identity(), result: '30' }])
      }).then(
        () => 'done',
        (error: unknown) => coded('SEMEL_STORE_CLOSED')(error) && undefined,
      )
      await Promise.all(closing)
      const again = await opened.reopen?.()
      if (again === undefined) return
      assert.equal((await standing(again)) !== undefined, outcome === 'done')
      assert.equal(await effectOf(opened, 'A-17'), outcome)
    },
  },
  {
    promise: 'what one handle writes the other one reads, and closing one leaves the other open',
    needs: [secondHandle],
    async run(opened) {
      const { store, second = store } = opened
      const held = await leased(opened)
      const [seen] = await second.leases.claim([request()], terms)
      assert.equal(seen?.kind, 'held')
      assert.equal(await second.leases.settle(held, completed('2')), 'settled')
      same(await claim(opened), { kind: 'completed', result: '2' })
      await second.close()
      same(await claim(opened), { kind: 'completed', result: '2' })
    },
  },
  {
    promise: 'records, messages and what people did outlive the store',
    needs: [durable],
    async run(opened) {
      await arrangeAll(opened)
      await opened.store.inspector.act(identity('dead'), { kind: 'redrive', who: 'Zoë', why: '17' })
      const before = [await standings(opened.store), await shown(opened.store)]
      const again = await opened.reopen?.()
      assert.ok(again)
      same([await standings(again), await shown(again)], before)
    },
  },
  {
    promise: 'effects and their records outlive the store together',
    needs: [durable, transactions],
    async run(opened) {
      await inTransaction(opened, async (transaction) => {
        await transaction.insert([newRecord()])
        await effect(opened, transaction, 'A-17')
        await transaction.seal([{ ...identity(), result: '30' }])
      })
      const again = await opened.reopen?.()
      const [answer] = (await again?.leases.claim([request()], terms)) ?? []
      same(answer, { kind: 'completed', result: '30' })
      assert.equal(await effectOf(opened, 'A-17'), 'done')
    },
  },
]

async function shown(store: Store): Promise<readonly unknown[]> {
  const details = await Promise.all(situations.map((key) => store.inspector.show(identity(key))))
  return details.map((one) => [one?.message, one?.audit])
}
