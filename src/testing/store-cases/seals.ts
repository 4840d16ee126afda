import assert from 'node:assert/strict'
import { encodeResult } from '../../inbox/result.ts'
import type { Lease } from '../../inbox/record.ts'
import type { OpenTransaction } from '../../inbox/store.ts'
import {
  brief,
  claim,
  coded,
  completed,
  effect,
  effectOf,
  failed,
  identity,
  inTransaction,
  leased,
  newRecord,
  parkedMessage,
  pass,
  read,
  same,
  standing,
} from '../store-kit.ts'
import { arrange } from '../store-situations.ts'
import { joining, type OpenedStore, type StoreCase, transactions } from '../store-suite.ts'

/** Handler and settlement as the careful path has them: zero rows settled is a rollback (P7). */
async function performs(
  opened: OpenedStore,
  transaction: OpenTransaction<unknown>,
  lease: Lease,
): Promise<void> {
  await effect(opened, transaction, 'A-17')
  const [answer] = await transaction.settle([{ lease, outcome: completed('30') }])
  if (answer === 'fenced') throw new Error('fenced')
}

export const seals: readonly StoreCase[] = [
  {
    promise: 'effect and settlement of a lease are one commit',
    rule: 'P12',
    needs: [transactions],
    async run(opened) {
      const lease = await leased(opened)
      await inTransaction(opened, (transaction) => performs(opened, transaction, lease))
      assert.equal(await effectOf(opened, 'A-17'), 'done')
      same(await claim(opened), { kind: 'completed', result: '30' })
    },
  },
  {
    promise: 'a settlement that is rolled back leaves the lease as it was',
    rule: 'P12',
    needs: [transactions],
    async run(opened) {
      const lease = await leased(opened)
      const before = await standing(opened.store)
      const work = inTransaction(opened, async (transaction) => {
        await performs(opened, transaction, lease)
        throw new Error('after the settlement')
      })
      await assert.rejects(work, /after the settlement/)
      same(await standing(opened.store), before)
      assert.equal(await effectOf(opened, 'A-17'), undefined)
      assert.equal(await opened.store.leases.settle(lease, completed()), 'settled')
    },
  },
  {
    promise: 'a former owner is fenced inside its transaction, and its effect is rolled back',
    rule: 'P7',
    needs: [transactions],
    async run(opened) {
      const former = await leased(opened, {}, brief)
      await pass(opened)
      const owner = await leased(opened, { alone: true })
      const late = inTransaction(opened, (transaction) => performs(opened, transaction, former))
      await assert.rejects(late, /fenced/)
      assert.equal(await effectOf(opened, 'A-17'), undefined)
      assert.equal((await read(opened.store))?.token, owner.token)
      assert.equal((await read(opened.store))?.state, 'leased')
    },
  },
  {
    promise:
      'inside a transaction the same settlement again is fenced: it is not alone in its commit',
    rule: 'P7',
    needs: [transactions],
    async run(opened) {
      const lease = await leased(opened)
      const outcome = completed('30')
      await opened.store.leases.settle(lease, outcome)
      const again = inTransaction(opened, (transaction) => performs(opened, transaction, lease))
      await assert.rejects(again, /fenced/)
      assert.equal(await effectOf(opened, 'A-17'), undefined)
    },
  },
  {
    promise: 'a failure is settled with its message inside a transaction',
    rule: 'P20',
    needs: [transactions],
    async run(opened) {
      const lease = await leased(opened)
      const message = parkedMessage()
      const outcome = failed({ message })
      const settling = inTransaction(opened, ({ settle }) => settle([{ lease, outcome }]))
      assert.deepEqual(await settling, ['settled'])
      await pass(opened)
      assert.equal((await claim(opened, { by: 'parked' })).kind, 'granted')
    },
  },
  {
    promise: 'the seal writes results as they are: nothing, null, non-ASCII, 64 KiB',
    rule: 'P9',
    needs: [transactions],
    async run(opened) {
      const results = [undefined, null, 'Käse 漢字', 'x'.repeat(65_534)].map((result, at) => ({
        ...identity(`r-${at}`),
        result: encodeResult(result, 65_536),
      }))
      await inTransaction(opened, async ({ insert, seal }) => {
        await insert(results.map((key) => newRecord(key)))
        await seal(results)
      })
      for (const { result, ...key } of results)
        same(await claim(opened, key), { kind: 'completed', result })
    },
  },
  {
    promise: 'the seal refuses a record that is not there, and nothing is committed',
    rule: 'P9',
    needs: [transactions],
    async run(opened) {
      for (const missing of ['withdrawn', 'never inserted']) {
        const work = inTransaction(opened, async (transaction) => {
          await transaction.insert([newRecord(identity('kept')), newRecord(identity('withdrawn'))])
          await transaction.withdraw([identity('withdrawn')])
          await effect(opened, transaction, missing)
          const sealed = [identity('kept'), identity(missing)]
          await transaction.seal(sealed.map((key) => ({ ...key, result: undefined })))
        })
        await assert.rejects(work, coded('SEMEL_TX_ROLLED_BACK'))
        assert.equal(await effectOf(opened, missing), undefined)
        assert.equal(await read(opened.store, identity('kept')), undefined)
      }
    },
  },
  {
    promise: 'a savepoint that fails takes back what was done since, and the rest is committed',
    needs: [transactions],
    async run(opened) {
      await inTransaction(opened, async (transaction) => {
        await transaction.insert([newRecord(identity('before'))])
        await effect(opened, transaction, 'before')
        const inner = transaction.savepoint(async () => {
          await transaction.insert([newRecord(identity('within'))])
          await effect(opened, transaction, 'within')
          throw new Error('only this')
        })
        await assert.rejects(inner, /only this/)
        await effect(opened, transaction, 'after')
      })
      const states = await opened.store.leases.read(
        ['before', 'within'].map((key) => identity(key)),
      )
      assert.deepEqual(
        states.map((record) => record?.state),
        ['completed', undefined],
      )
      const effects = ['before', 'within', 'after'].map((key) => effectOf(opened, key))
      assert.deepEqual(await Promise.all(effects), ['done', undefined, 'done'])
    },
  },
  {
    promise: 'with a savepoint that fails one that was left open inside it is taken back',
    needs: [transactions],
    async run(opened) {
      await inTransaction(opened, async (transaction) => {
        await effect(opened, transaction, 'before')
        const leave = Promise.withResolvers<void>()
        let left: Promise<void> | undefined
        const outer = transaction.savepoint(async () => {
          await effect(opened, transaction, 'outer')
          left = transaction.savepoint(async () => {
            await effect(opened, transaction, 'left')
            await leave.promise
          })
          left.catch(() => undefined)
          throw new Error('given up')
        })
        await assert.rejects(outer, /given up/)
        leave.resolve()
        await assert.rejects(left ?? Promise.resolve(), 'it cannot be kept any more')
        await effect(opened, transaction, 'after')
      })
      for (const key of ['before', 'after']) assert.equal(await effectOf(opened, key), 'done')
      for (const key of ['outer', 'left']) assert.equal(await effectOf(opened, key), undefined)
    },
  },
  {
    promise: 'a savepoint that succeeds keeps what was done, and answers what it resolved to',
    needs: [transactions],
    async run(opened) {
      const answer = await inTransaction(opened, (transaction) =>
        transaction.savepoint(async () => {
          await effect(opened, transaction, 'within')
          return transaction.insert([newRecord()])
        }),
      )
      assert.deepEqual(answer, [true])
      assert.equal(await effectOf(opened, 'within'), 'done')
      assert.equal((await read(opened.store))?.state, 'completed')
    },
  },
  {
    promise: 'a record whose savepoint was taken back is missed by the seal',
    rule: 'P9',
    needs: [transactions],
    async run(opened) {
      const work = inTransaction(opened, async (transaction) => {
        const inner = transaction.savepoint(async () => {
          await transaction.insert([newRecord()])
          throw new Error('taken back')
        })
        await assert.rejects(inner, /taken back/)
        await transaction.seal([{ ...identity(), result: undefined }])
      })
      await assert.rejects(work, coded('SEMEL_TX_ROLLED_BACK'))
    },
  },
  {
    promise: 'in the transaction of a caller the record commits when the caller commits',
    rule: 'P30',
    needs: [transactions, joining],
    async run(opened) {
      const { store, callersTransaction } = opened
      await arrange(opened, 'completed')
      const fresh = await callersTransaction?.(async (tx) => {
        const joined = store.transactions?.join(tx)
        await opened.effects?.write(tx, 'A-17', 'done')
        const records = [newRecord(), newRecord(identity('completed'))]
        const inserted = await joined?.savepoint(async () => joined.insert(records))
        await joined?.seal([{ ...identity(), result: '30' }])
        return inserted
      })
      assert.deepEqual(fresh, [true, false])
      assert.equal(await effectOf(opened, 'A-17'), 'done')
      same(await claim(opened), { kind: 'completed', result: '30' })
    },
  },
  {
    promise: 'in the transaction of a caller the record is gone when the caller rolls back',
    rule: 'P30',
    needs: [transactions, joining],
    async run(opened) {
      const { store, callersTransaction } = opened
      const work = callersTransaction?.(async (tx) => {
        await opened.effects?.write(tx, 'A-17', 'done')
        await store.transactions?.join(tx).insert([newRecord()])
        throw new Error('the caller thinks better of it')
      })
      await assert.rejects(work ?? Promise.resolve(), /thinks better/)
      assert.equal(await effectOf(opened, 'A-17'), undefined)
      assert.equal(await read(opened.store), undefined)
    },
  },
]
