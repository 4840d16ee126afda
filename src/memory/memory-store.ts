import { SemelError } from '../errors/semel-error.ts'
import { claimAnswer } from '../inbox/claim-answer.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import { identityName } from '../inbox/identity.ts'
import { grant } from '../inbox/rate.ts'
import type { Leases, NoTransaction, Rates, Store, StoreCapabilities } from '../inbox/store.ts'
import { memoryInspector } from './memory-inspector.ts'
import { memoryParking } from './memory-parking.ts'
import { applyTo, claimIn, insertAll, type MemoryState, viewOf } from './memory-records.ts'
import { memorySteps } from './memory-steps.ts'
import type { MemoryTransaction } from './memory-transaction.ts'
import { memoryTransactions } from './memory-transactions.ts'

export interface MemoryStoreOptions {
  /** Default: the system's. Give one of your own to let leases and retention pass in a test. */
  readonly clock?: Clock
}

const capabilities: StoreCapabilities = {
  batchMax: 1_000,
  concurrentTransactions: 1,
  durable: false,
  handlerMayWait: true,
  interleaves: true,
  timePrecisionMs: 1,
}

/**
 * Remembers in this process alone: for tests, and to try things out.
 *
 * It has transactions over rows of its own ({@link MemoryTransaction}), so that handlers see the same shape as
 * with a database. Everything is gone when the process ends.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store<MemoryTransaction> {
  const { state, store } = memory('memory', options)
  return { ...store, transactions: memoryTransactions(state), medium: state }
}

/** The same without transactions, as stores below level A are. */
export function leaseOnlyStore(options: MemoryStoreOptions = {}): Store<NoTransaction> {
  return { ...memory('memory-lease-only', options).store, transactions: undefined }
}

function memory(
  name: string,
  { clock = systemClock }: MemoryStoreOptions,
): { readonly state: MemoryState; readonly store: Omit<Store<never>, 'transactions'> } {
  let closed = false
  const state: MemoryState = {
    clock,
    records: new Map(),
    messages: new Map(),
    steps: new Map(),
    rows: new Map(),
    audit: new Map(),
    open: () => {
      if (closed) throw new SemelError('SEMEL_STORE_CLOSED', `the ${name} store is closed`)
    },
  }
  const store = {
    name,
    capabilities,
    leases: memoryLeases(state),
    parking: memoryParking(state),
    inspector: memoryInspector(state),
    steps: memorySteps(state),
    rates: memoryRates(state),
    guards: undefined,
    medium: undefined,
    prepare: async () => state.open(),
    close: async () => {
      closed = true
    },
  }
  return { state, store }
}

function memoryRates({ clock }: MemoryState): Rates {
  const next = new Map<string, number>()
  return {
    async take(group, perSecond, wanted) {
      const given = grant(next.get(group), clock.nowMs(), { perSecond, wanted })
      next.set(group, given.nextMs)
      return given
    },
  }
}

function memoryLeases(state: MemoryState): Leases {
  const now = (): number => {
    state.open()
    return state.clock.nowMs()
  }
  return {
    async claim(requests, terms) {
      const nowMs = now()
      return requests.map((request) => {
        const decision = claimIn(state, request, terms, nowMs)
        const claim = claimAnswer(decision, request, nowMs)
        if (claim.kind !== 'granted') return claim
        // Who runs it may change what it is given: the next attempt gets it as it came.
        const kept = state.messages.get(identityName(request))?.message
        return { ...claim, message: kept && { ...kept, body: kept.body.slice() } }
      })
    },
    async renew(leases, leaseMs) {
      const nowMs = now()
      return leases.map((lease) =>
        applyTo(state, lease, { on: 'renew', lease, leaseMs }, nowMs).changed
          ? 'renewed'
          : 'fenced',
      )
    },
    async settle(lease, outcome) {
      const ask = { on: 'settle', lease, outcome, repeatable: true } as const
      return applyTo(state, lease, ask, now()).row.answer as 'settled' | 'fenced'
    },
    async bury(identity, token, outcome) {
      const { changed } = applyTo(state, identity, { on: 'bury', token, outcome }, now())
      return changed ? 'buried' : 'changed'
    },
    async release(lease) {
      return applyTo(state, lease, { on: 'release', lease }, now()).changed ? 'released' : 'fenced'
    },
    insert: async (records) => insertAll(state, records, now()),
    async read(identities) {
      const nowMs = now()
      return identities.map((identity) => viewOf(state.records.get(identityName(identity)), nowMs))
    },
  }
}
