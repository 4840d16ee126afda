import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  type Identity,
  type Lease,
  type Leases,
  type SemelCode,
  SemelError,
  type Store,
  type Transactions,
} from 'semel'
import type { MemoryTransaction } from 'semel/memory'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'

export async function leaseFor(
  store: Store,
  identity: Identity,
  body: unknown,
  lasting: { readonly leaseMs: number; readonly attemptsMax: number },
  alone = false,
): Promise<Lease> {
  const fingerprint = bodyFingerprint(Buffer.from(JSON.stringify(body)))
  const request = {
    ...identity,
    fingerprint,
    claimId: randomBytes(16),
    alone,
    by: 'delivery',
  } as const
  const [claim] = await store.leases.claim([request], lasting)
  assert.equal(claim?.kind, 'granted')
  return claim.lease
}

export async function passed(store: Store, identity: Identity): Promise<boolean> {
  const [record] = await store.leases.read([identity])
  return (record?.leftMs ?? 1) <= 0
}

/** The first COMMIT gives no answer, whether it landed or not. */
export function lossyCommit(
  store: Store<MemoryTransaction>,
  landed: boolean,
): Store<MemoryTransaction> {
  let lost = false
  return withOpen(store, async (open, work) => {
    if (lost) return open(work)
    lost = true
    const unknown = new SemelError('SEMEL_OUTCOME_UNKNOWN', 'the connection was cut')
    await open(async (transaction) => {
      await work(transaction)
      if (!landed) throw unknown
    })
    throw unknown
  })
}

export function failing(
  store: Store<MemoryTransaction>,
  code: SemelCode,
  fails: () => boolean,
): Store<MemoryTransaction> {
  const leases: Leases = {
    ...store.leases,
    claim: async (...given) => {
      if (fails()) throw new SemelError(code, 'on purpose')
      return store.leases.claim(...given)
    },
  }
  return withOpen({ ...store, leases }, async (open, work) => {
    if (fails()) throw new SemelError(code, 'on purpose')
    return open(work)
  })
}

type Open = Transactions<MemoryTransaction>['open']

/** The store as it is, but what opens a transaction. Ledgers of tests are read around it. */
function withOpen(
  store: Store<MemoryTransaction>,
  wrapped: (open: Open, work: Parameters<Open>[0]) => Promise<unknown>,
): Store<MemoryTransaction> {
  const { transactions } = store
  assert.ok(transactions)
  return {
    ...store,
    transactions: {
      join: transactions.join,
      open: ((work: Parameters<Open>[0]) => wrapped(transactions.open, work)) as Open,
    },
  }
}
