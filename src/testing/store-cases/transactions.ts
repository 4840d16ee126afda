import assert from 'node:assert/strict'
import {
  claim,
  coded,
  completed,
  dead,
  effect,
  effectOf,
  failed,
  identity,
  inTransaction,
  longMs,
  newRecord,
  parkedMessage,
  read,
  same,
} from '../store-kit.ts'
import { arrange } from '../store-situations.ts'
import { transactions, type StoreCase, waitingHandlers } from '../store-suite.ts'

export const transactionCases: readonly StoreCase[] = [
  {
    promise:
      'effect and record are there after the commit, and the caller gets what it resolved to',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      const answer = await inTransaction(opened, async (transaction) => {
        const fresh = await transaction.insert([newRecord()])
        await effect(opened, transaction, 'A-17')
        await transaction.seal([{ ...identity(), result: '30' }])
        return fresh
      })
      assert.deepEqual(answer, [true])
      assert.equal(await effectOf(opened, 'A-17'), 'done')
      const { state, result } = (await read(opened.store)) ?? {}
      assert.deepEqual({ state, result }, { state: 'completed', result: '30' })
    },
  },
  {
    promise: 'nothing of a transaction is seen by others before its commit',
    needs: [transactions, waitingHandlers],
    async run(opened) {
      await inTransaction(opened, async (transaction) => {
        await transaction.insert([newRecord()])
        await effect(opened, transaction, 'A-17')
        assert.equal(await read(opened.second ?? opened.store), undefined)
        assert.equal((await transaction.read([identity()]))[0]?.state, 'completed')
      })
      assert.equal((await read(opened.second ?? opened.store))?.state, 'completed')
      assert.equal(await effectOf(opened, 'A-17'), 'done')
    },
  },
  {
    promise: 'a rolled back transaction leaves no trace of record, message and effect',
    needs: [transactions],
    async run(opened) {
      const message = parkedMessage()
      const given = failed({ message, retryInMs: longMs })
      const work = inTransaction(opened, async (transaction) => {
        await transaction.insert([newRecord(), newRecord({ ...identity('b'), outcome: given })])
        await effect(opened, transaction, 'A-17')
        throw new Error('out of stock')
      })
      await assert.rejects(work, /out of stock/)
      assert.deepEqual(await opened.store.inspector.count(), [])
      assert.equal(await effectOf(opened, 'A-17'), undefined)
      assert.equal((await opened.store.parking.usage('points')).messages, 0)
    },
  },
  {
    promise: 'what the work throws reaches the caller untouched, whatever it is',
    needs: [transactions],
    async run(opened) {
      const thrown = [Object.assign(new Error('mine'), { code: 'SQLITE_BUSY' }), { mine: 1 }, 'no']
      for (const error of thrown) {
        const caught = await inTransaction(opened, () => Promise.reject(error as Error)).then(
          () => 'nothing was thrown',
          (reason: unknown) => reason,
        )
        assert.equal(caught, error)
      }
    },
  },
  {
    promise:
      'a transaction answers its inserts in the order given, also unsorted and with a key twice',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      await arrange(opened, 'leased', 'c')
      const records = ['d', 'a', 'c', 'a', 'b', 'd'].map((key) => newRecord(identity(key)))
      const fresh = await inTransaction(opened, ({ insert }) => insert(records))
      assert.deepEqual(fresh, [true, true, false, false, true, false])
    },
  },
  {
    promise: 'an insert writes failed and dead records with their messages, in the same commit',
    rule: 'P20',
    needs: [transactions],
    async run(opened) {
      const message = parkedMessage()
      await inTransaction(opened, ({ insert }) =>
        insert([
          newRecord({ ...identity('f'), outcome: failed({ message, retryInMs: longMs }) }),
          newRecord({ ...identity('d'), outcome: dead(message) }),
        ]),
      )
      const usage = { messages: 1, bytes: message.body.length, dead: 1, perLane: 0 }
      assert.deepEqual(await opened.store.parking.usage('points'), usage)
      same((await opened.store.inspector.show(identity('d')))?.message, message)
    },
  },
  {
    promise: 'a read shows what stands there, also what this transaction has written itself',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      await arrange(opened, 'dead')
      const states = await inTransaction(opened, async ({ insert, read: look }) => {
        const before = await look([identity('mine')])
        await insert([newRecord(identity('mine'))])
        return [...before, ...(await look(['mine', 'absent', 'dead'].map((key) => identity(key))))]
      })
      assert.deepEqual(
        states.map((record) => record?.state),
        [undefined, 'completed', undefined, 'dead'],
      )
    },
  },
  {
    promise: 'a read sees what others have committed since the transaction began',
    rule: 'P8',
    needs: [transactions, waitingHandlers],
    async run(opened) {
      const { store, second = store } = opened
      const [before, after] = await inTransaction(opened, async (transaction) => {
        const first = await transaction.read([identity('late')])
        await second.leases.insert([newRecord(identity('late'))])
        return [...first, ...(await transaction.read([identity('late')]))]
      })
      assert.equal(before, undefined)
      assert.equal(after?.state, 'completed')
    },
  },
  {
    promise: 'a withdrawn record is as if it had never been inserted',
    rule: 'P10',
    needs: [transactions],
    async run(opened) {
      const [a, b] = [identity('a'), identity('b')]
      await inTransaction(opened, async ({ insert, withdraw, seal }) => {
        await insert([newRecord(a), newRecord(b)])
        await withdraw([a])
        await seal([{ ...b, result: undefined }])
      })
      const [first, second] = await opened.store.leases.read([a, b])
      assert.deepEqual([first, second?.state], [undefined, 'completed'])
    },
  },
  {
    promise: 'thousands of records are sealed in one commit, each with its own result',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      const records = Array.from({ length: 3_000 }, (_, at) => {
        const key = identity(`n-${(at * 7_919) % 3_000}`)
        return { ...newRecord(key), result: String(at) }
      })
      const parts = chunks(records, opened.store.capabilities.batchMax)
      await inTransaction(opened, async ({ insert, seal }) => {
        for (const part of parts) assert.ok((await insert(part)).every((isNew) => isNew))
        for (const part of parts) await seal(part)
      })
      const last = records.at(-1)
      same(await claim(opened, last), { kind: 'completed', result: last?.result })
      const [count] = await opened.store.inspector.count('points')
      assert.deepEqual([count?.state, count?.records], ['completed', 3_000])
    },
  },
  {
    promise: 'many transactions at once all commit',
    needs: [transactions],
    async run(opened) {
      const keys = Array.from({ length: 20 }, (_, at) => `k-${at}`)
      const opening = keys.map((key) =>
        inTransaction(opened, async (transaction) => {
          await transaction.insert([newRecord(identity(key))])
          await effect(opened, transaction, key)
          await transaction.seal([{ ...identity(key), result: undefined }])
        }),
      )
      await Promise.all(opening)
      for (const key of keys) assert.equal(await effectOf(opened, key), 'done')
      assert.equal((await opened.store.inspector.count('points'))[0]?.records, 20)
    },
  },
  {
    promise:
      'of concurrent transactions that insert one key one takes effect, and the others read it',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      const seen = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          inTransaction(opened, async (transaction) => {
            const [isNew] = await transaction.insert([newRecord()])
            if (isNew !== true) return (await transaction.read([identity()]))[0]?.state
            await effect(opened, transaction, `effect-${at}`)
            await transaction.seal([{ ...identity(), result: '1' }])
            return 'applied'
          }),
        ),
      )
      assert.equal(seen.filter((one) => one === 'applied').length, 1)
      assert.equal(seen.filter((one) => one === 'completed').length, 7)
    },
  },
  {
    promise: 'when the transaction that inserted a key rolls back, the next one inserts it',
    rule: 'P8',
    needs: [transactions],
    async run(opened) {
      const loses = inTransaction(opened, async ({ insert }) => {
        await insert([newRecord()])
        throw new Error('rolled back')
      })
      const wins = inTransaction(opened, ({ insert }) =>
        insert([newRecord({ outcome: completed('2') })]),
      )
      await assert.rejects(loses, /rolled back/)
      assert.deepEqual(await wins, [true])
      assert.equal((await read(opened.store))?.result, '2')
    },
  },
  {
    promise: 'a transaction object refuses every use after its handler has ended',
    needs: [transactions],
    async run(opened) {
      const { effects } = opened
      await inTransaction(opened, async (transaction) => {
        const late = transaction.forHandler()
        late.end()
        const writing = async (): Promise<unknown> => effects?.write(late.tx, 'late', 'no')
        await assert.rejects(writing, coded('SEMEL_TX_OVER'))
        await effect(opened, transaction, 'next')
      })
      assert.equal(await effectOf(opened, 'late'), undefined)
      assert.equal(await effectOf(opened, 'next'), 'done')
    },
  },
]

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return all.length === 0 ? [] : [all.slice(0, size), ...chunks(all.slice(size), size)]
}
