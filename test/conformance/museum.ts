import assert from 'node:assert/strict'
import type { Store } from 'semel'
import { type Adapter, type Case, type Closable, runCases } from 'semel/testing'

/** A bug that somebody's product really had, put into an implementation that works. */
export interface Exhibit<Patched> {
  readonly bug: string
  /** A part of the promise of the case that must find it. */
  readonly foundBy: string
  put(into: Patched): Patched
}

/** Fails unless the named cases pass without the bug, and at least one of them fails with it. */
export async function seenToFail<Opened extends Closable, Patched>(
  cases: readonly Case<Opened>[],
  adapter: Adapter<Opened>,
  { bug, foundBy, put }: Exhibit<Patched>,
  patch: (opened: Opened, put: (into: Patched) => Patched) => Opened,
): Promise<void> {
  const named = cases.filter(({ promise }) => promise.includes(foundBy))
  assert.ok(named.length > 0, `no case promises "${foundBy}"`)
  const broken = { name: bug, open: async () => patch(await adapter.open(), put) }
  const healthy = (await runCases(named, adapter)).results.map(({ outcome }) => outcome)
  assert.ok(!healthy.includes('failed'), 'it fails without the bug as well')
  const found = (await runCases(named, broken)).results.some(({ outcome }) => outcome === 'failed')
  assert.ok(found, `nobody noticed: ${bug}`)
}

type Leases = Store['leases']
type Inspector = Store['inspector']
type Transactions = NonNullable<Store['transactions']>
export type OpenTransaction = Parameters<Parameters<Transactions['open']>[0]>[0]
export type ClaimRequest = Parameters<Leases['claim']>[0][number]

export function inLeases(
  patch: (leases: Leases, store: Store) => Partial<Leases>,
): (store: Store) => Store {
  return (store) => ({ ...store, leases: { ...store.leases, ...patch(store.leases, store) } })
}

export function inRequests(
  change: (request: ClaimRequest) => ClaimRequest,
): (store: Store) => Store {
  return inLeases(({ claim }) => ({ claim: (asked, terms) => claim(asked.map(change), terms) }))
}

export function inInspector(
  patch: (inspector: Inspector, store: Store) => Partial<Inspector>,
): (store: Store) => Store {
  return (store) => ({
    ...store,
    inspector: { ...store.inspector, ...patch(store.inspector, store) },
  })
}

export function inTransactions(
  patch: (transaction: OpenTransaction, store: Store) => Partial<OpenTransaction>,
): (store: Store) => Store {
  return (store) => {
    const { transactions } = store
    if (transactions === undefined) return store
    const patched: Transactions = {
      ...transactions,
      open: (work) =>
        transactions.open((transaction) => work({ ...transaction, ...patch(transaction, store) })),
    }
    return { ...store, transactions: patched }
  }
}
