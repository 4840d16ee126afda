import type { SemelError } from '../errors/semel-error.ts'
import type { Bytes } from './bytes.ts'
import type { Claim, ClaimRequest, ClaimTerms, NewRecord } from './claim.ts'
import type { Guards } from './guards.ts'
import type { Identity } from './identity.ts'
import type { Inspector } from './inspector.ts'
import type { Lease, Outcome, Reason, RecordView } from './record.ts'
import type { Steps } from './steps.ts'

declare const noTransaction: unique symbol
/** Stands where a transaction object would, for stores that have none. Fits no function of yours. */
export interface NoTransaction {
  readonly [noTransaction]: 'this store has no transactions: declare a strategy for effects elsewhere'
}

/**
 * Port. Remembers keys. `Tx` is the user's own transaction object, {@link NoTransaction} where there is none.
 *
 * Every adapter passes the store cases of `semel/testing` on its real server.
 */
export interface Store<out Tx = unknown> {
  readonly name: string
  readonly capabilities: StoreCapabilities
  readonly leases: Leases
  readonly parking: Parking
  readonly inspector: Inspector
  readonly steps: Steps
  /** Counts the starts of a whole group; undefined where the store cannot. */
  readonly rates: Rates | undefined
  /** Undefined where transactions have no rows of the user's that could be guarded. */
  readonly guards: Guards | undefined
  /** Undefined on stores below level A. */
  readonly transactions: Transactions<Tx> | undefined
  /** When it could lose what it has committed, each as a sentence; what only the server knows after `prepare()`. */
  readonly windows?: readonly string[]
  /**
   * What the store's transactions commit to. A source that names the same object can acknowledge inside them.
   */
  readonly medium: object | undefined
  /** Where the data are spread over several databases: a transaction is on one of them. Absent: there is one. */
  readonly shards?: Shards
  /** Connects and checks the tables. Called by every start; cheap when repeated. */
  prepare(): Promise<void>
  /** Ends what the store itself opened; never a client that it was given. */
  close(): Promise<void>
}

/** Several databases behind one port. */
export interface Shards {
  readonly names: readonly string[]
  /**
   * Where a key belongs. While keys move, what is known of it may be elsewhere.
   *
   * @throws SEMEL_SHARD_UNKNOWN
   */
  of(identity: Identity): string
  /**
   * Where each is to be performed now; what is asked together may go in one transaction where the answer is the same.
   *
   * @throws SEMEL_SHARD_LANE, SEMEL_SHARD_UNKNOWN, SEMEL_STORE_…
   */
  home(asked: readonly Placed[]): Promise<readonly string[]>
}

export interface Placed extends Identity {
  /** Of messages that keep their order. */
  readonly lane?: Bytes | undefined
}

/** `unknown`: its shard has not answered, and the lease may still be ours. */
export type Renewal = 'renewed' | 'fenced' | 'unknown'

export interface StoreCapabilities {
  /** Most keys that one call takes. */
  readonly batchMax: number
  /** Transactions that can be open at once in this process. */
  readonly concurrentTransactions: number
  /** Whether what was committed outlives the process, and a power cut. */
  readonly durable: boolean
  /** Whether a handler may wait for anything inside a transaction. */
  readonly handlerMayWait: boolean
  /** Whether handlers of one transaction may be under way at the same time (P11). */
  readonly interleaves: boolean
  readonly timePrecisionMs: number
}

/**
 * The careful path: each call commits on its own, before it answers. Answers stand in the order of the requests.
 * The store's own clock decides what has ended. No answer is thrown; errors are `SEMEL_STORE_…`.
 */
export interface Leases {
  /** Of any number of concurrent claims of a key at most one is granted while its lease lasts. */
  claim(requests: readonly ClaimRequest[], terms: ClaimTerms): Promise<readonly Claim[]>
  renew(leases: readonly Lease[], leaseMs: number): Promise<readonly Renewal[]>
  /** Repeatable: the same settlement again is `settled` again. */
  settle(lease: Lease, outcome: Outcome): Promise<'settled' | 'fenced'>
  /** Makes an exhausted record dead, if it still is as the claim saw it. */
  bury(identity: Identity, token: number, outcome: Outcome): Promise<'buried' | 'changed'>
  /** Gives a lease back whose handler never started: the attempt does not count. */
  release(lease: Lease): Promise<'released' | 'fenced'>
  /** Writes records that were absent; false where there was one. */
  insert(records: readonly NewRecord[]): Promise<readonly boolean[]>
  read(identities: readonly Identity[]): Promise<readonly (RecordView | undefined)[]>
}

/** Level A: records and effects in one commit. */
export interface Transactions<out Tx> {
  /**
   * Begins, calls `work`, commits what it resolves to, rolls back what it throws.
   *
   * @throws SEMEL_OUTCOME_UNKNOWN when COMMIT got no answer; never after it was refused.
   */
  open<R>(work: (open: OpenTransaction<Tx>) => Promise<R>, terms?: TransactionTerms): Promise<R>
  /**
   * The same face over a transaction that the caller began and commits.
   *
   * @param of What is to be done in it, where data are spread over shards.
   */
  join(tx: unknown, of?: Identity): OpenTransaction<Tx>
}

/** What a transaction is for; stores with locks of rows set their time limits by it. */
export interface TransactionTerms {
  /** Messages that share it. Over one, statements of handlers wait only shortly for a lock. Default: 1. */
  readonly messages: number
  /** Whether their handlers are under way at the same time, on one pipelined connection. Default: false. */
  readonly interleaved: boolean
  /** Whether it begins with an insert, so that BEGIN can go with it in one round trip. Default: false. */
  readonly claims?: boolean
  /** How long a handler may take; whoever holds locks for longer is ended by the server. */
  readonly performMsMax?: number | undefined
  /** What it is opened for: it is then on the shard of this key, or lease. Default: the first shard. */
  readonly of?: Identity | undefined
  /** The shard itself, where it is known already. */
  readonly shard?: string | undefined
}

export interface OpenTransaction<out Tx> {
  /**
   * The user's transaction object, for one handler; a unit of work is fresh each time where the client has one.
   * `end` makes every later use of it an error; where the handler threw nothing it also looks at the transaction.
   *
   * @throws SEMEL_TX_ROLLED_BACK by `end`, when the handler has ended or spoilt the transaction
   */
  forHandler(): { readonly tx: Tx; end(threw?: boolean): void }
  /** Inserts records sorted by key, conflict ignored; answers which are new (P8). */
  insert(records: readonly NewRecord[]): Promise<readonly boolean[]>
  /** What stands there now, also what others committed meanwhile. */
  read(identities: readonly Identity[]): Promise<readonly (RecordView | undefined)[]>
  settle(settlements: readonly Settlement[]): Promise<readonly ('settled' | 'fenced')[]>
  /** Whether something parked stands in a lane: whatever comes later is parked behind it (P23). */
  parkedIn(lanes: readonly Bytes[]): Promise<readonly boolean[]>
  /** Takes records of this transaction out again. */
  withdraw(identities: readonly Identity[]): Promise<void>
  savepoint<R>(work: () => Promise<R>): Promise<R>
  /** What a handler threw, translated, when nobody is to blame for it: it met another transaction. */
  nobodysFault(error: unknown): SemelError | undefined
  /** Whether a statement failed only because another one had, in the same transaction. Absent: none does. */
  isCollateral?(error: unknown): boolean
  /**
   * Our last statement (P9): writes results, and proves that all our records are still there.
   *
   * @throws SEMEL_TX_ROLLED_BACK
   */
  seal(records: readonly SealedRecord[]): Promise<void>
}

export interface Settlement {
  readonly lease: Lease
  readonly outcome: Outcome
}

export interface SealedRecord extends Identity {
  readonly result: string | undefined
}

/** Messages that are kept in the store and served from there. */
export interface Parking {
  /**
   * What may be taken now (P21): `failed` whose time has passed, or `leased` whose lease has ended; the longest
   * waiting first. Of a lane only the first, and directly behind it those that can go in one batch with it, in their
   * order (P22). Nothing is claimed by asking.
   */
  due(origin: Bytes, limit: number): Promise<readonly DueMessage[]>
  usage(group: string): Promise<ParkingUsage>
}

export interface DueMessage extends Identity {
  readonly fingerprint: Bytes
  /** Whether its last start ended without a settlement. */
  readonly suspect: boolean
  /** Where it stands in one: then behind everything of that lane that comes before it here. */
  readonly lane: Bytes | undefined
  readonly reason: Reason | undefined
  /** Since it was first parked, or last redriven. */
  readonly waitedMs: number
}

/** Peak shaving over all processes of a group. */
export interface Rates {
  /** Grants up to `wanted` starts of so many a second, by the store's clock; how long to wait when none is left. */
  take(
    group: string,
    perSecond: number,
    wanted: number,
  ): Promise<{ readonly granted: number; readonly waitMs: number }>
}

export interface ParkingUsage {
  readonly messages: number
  readonly bytes: number
  readonly dead: number
  /** Parked in the fullest lane. */
  readonly perLane: number
}
