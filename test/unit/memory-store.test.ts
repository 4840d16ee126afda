import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryStore } from 'semel/memory'

test('rows of one table are listed with their keys, also what the transaction has changed itself', async () => {
  const store = memoryStore()
  await store.transactions?.open(async ({ forHandler }) => {
    const { tx } = forHandler()
    tx.set('points', 'a', 1)
    tx.set('points', 'b', 2)
    tx.set('points2', 'c', 3)
  })
  await store.transactions?.open(async ({ forHandler }) => {
    const { tx } = forHandler()
    tx.delete('points', 'a')
    tx.set('points', 'd', 4)
    assert.equal(tx.get('points', 'a'), undefined)
    assert.deepEqual(
      new Map(tx.all('points')),
      new Map([
        ['b', 2],
        ['d', 4],
      ]),
    )
  })
})

test('a transaction that has ended cannot be joined', async () => {
  const store = memoryStore()
  const ended = await store.transactions?.open(async ({ forHandler }) => {
    const { tx, end } = forHandler()
    end()
    return tx
  })
  assert.throws(() => store.transactions?.join(ended), { code: 'SEMEL_TX_OVER' })
})

test('a transaction that changed a row somebody else changed meanwhile is refused whole', async () => {
  const store = memoryStore()
  const identity = { scope: Uint8Array.of(1), key: Uint8Array.of(2) }
  const outcome = { state: 'completed', result: undefined, keepMs: 1_000 } as const
  const record = { ...identity, fingerprint: Uint8Array.of(0), outcome }
  const late = store.transactions?.open(async ({ insert, forHandler }) => {
    await insert([record])
    forHandler().tx.set('points', 'a', 1)
    await store.leases.insert([record])
  })
  await assert.rejects(late ?? Promise.resolve(), { code: 'SEMEL_STORE_CONTENDED' })
  await store.transactions?.open(async ({ forHandler }) => {
    assert.equal(forHandler().tx.get('points', 'a'), undefined)
  })
})
