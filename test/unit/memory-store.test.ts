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

test('a transaction reads the null that it wrote', async () => {
  const store = memoryStore()
  await store.transactions?.open(async ({ forHandler }) => forHandler().tx.set('points', 'a', 1))
  const read = await store.transactions?.open(async ({ forHandler }) => {
    const { tx } = forHandler()
    tx.set('points', 'a', null)
    return tx.get('points', 'a')
  })
  assert.equal(read, null)
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

test('rows go in and out as copies: what a handler changes and does not set is as it was', async () => {
  const store = memoryStore()
  const given = { total: 30, notes: ['first'] }
  await store.transactions?.open(async ({ forHandler }) => {
    const { tx } = forHandler()
    tx.set('accounts', 'u', given)
    given.notes.push('after set')
    const got = tx.get('accounts', 'u') as typeof given
    got.total += 30
    for (const [, row] of tx.all('accounts')) (row as typeof given).notes.push('listed')
  })
  await store.transactions?.open(async ({ forHandler }) => {
    assert.deepEqual(forHandler().tx.get('accounts', 'u'), { total: 30, notes: ['first'] })
  })
})

test('a parked message comes as it was parked, whatever its last handler did to its bytes', async () => {
  const store = memoryStore()
  const request = { scope: Uint8Array.of(1), key: Uint8Array.of(2), fingerprint: Uint8Array.of(0) }
  const asked = { ...request, claimId: Uint8Array.of(3), alone: false, by: 'parked' } as const
  const message = { ...bare, origin: Uint8Array.of(4), body: Uint8Array.of(5) }
  const common = { state: 'failed', reason: 'failed', detail: '', counted: true } as const
  const outcome = { ...common, retryInMs: 0, message }
  await store.leases.insert([{ ...request, outcome }])
  for (let attempt = 0; attempt < 2; attempt++) {
    const [claim] = await store.leases.claim([asked], { leaseMs: 1_000, attemptsMax: 9 })
    assert.ok(claim?.kind === 'granted')
    assert.deepEqual(claim.message?.body, Uint8Array.of(5))
    claim.message?.body.fill(0)
    await store.leases.settle(claim.lease, { ...outcome, message: undefined })
  }
})

const bare = {
  id: 'm-1',
  topic: 'orders',
  tag: undefined,
  key: undefined,
  headers: {},
  sentAtMs: undefined,
  lane: undefined,
}
