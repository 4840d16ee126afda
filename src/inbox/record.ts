import type { Bytes } from './bytes.ts'
import type { Identity } from './identity.ts'

/** What is remembered of a key (P4). No record at all is called absent. */
export type State = 'leased' | 'completed' | 'failed' | 'dead'

/** Why a record is `failed` or `dead`; the words that operators filter by. */
export type Reason =
  | 'failed'
  | 'crashed'
  | 'timeout'
  | 'permanent'
  | 'early'
  | 'behind'
  | 'expired'
  | 'mismatched'
  | 'conflict'
  | 'no-key'
  | 'unreadable'
  | 'refused'
  | 'uncertain'
  | 'released'
  | 'redriven'

export interface InboxRecord extends Identity {
  readonly state: State
  /** Fencing token: grows with every grant, burial and release. */
  readonly token: number
  /** Random, one per delivery attempt; who holds the lease. */
  readonly claimId: Bytes | undefined
  readonly attempts: number
  /** Whether the last start ran alone in its process (P15). */
  readonly alone: boolean
  /**
   * By the store's clock: end of the lease while `leased`, earliest retry while `failed`, end of the retention
   * while `completed`; nothing while `dead`.
   */
  readonly untilMs: number | undefined
  readonly fingerprint: Bytes
  /** JSON text. */
  readonly result: string | undefined
  readonly reason: Reason | undefined
  readonly detail: string | undefined
  /** Whose consumers take it, when the message itself is kept with the record. */
  readonly origin: Bytes | undefined
  /** Of a kept message that has one. */
  readonly lane: Bytes | undefined
  /** Its place in the lane: those with a smaller one come first. Undefined: it stands in no lane (P25). */
  readonly place: number | undefined
  /** When its state last changed, by the store's clock. */
  readonly changedMs: number
}

/** A record with what only the store's clock can say. */
export interface RecordView extends InboxRecord {
  /** Milliseconds until its time has passed; 0 or less: passed. */
  readonly leftMs: number
}

/** P4: kept whole in the store, to be delivered again by us. */
export function isParked(record: InboxRecord): boolean {
  return record.origin !== undefined && (record.state === 'failed' || record.state === 'leased')
}

/** A message as it is kept in the store. */
export interface ParkedMessage {
  readonly origin: Bytes
  readonly id: string
  readonly topic: string
  readonly tag: string | undefined
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly sentAtMs: number | undefined
  readonly body: Bytes
  /** Messages of one lane keep their order; undefined: none. */
  readonly lane: Bytes | undefined
}

/** The right to perform one key for a time. Every write after a claim carries it (P7). */
export interface Lease extends Identity {
  readonly claimId: Bytes
  readonly token: number
  readonly attempt: number
}

/** What a lease ends in. */
export type Outcome =
  | { readonly state: 'completed'; readonly result: string | undefined; readonly keepMs: number }
  | {
      readonly state: 'failed'
      readonly reason: Reason
      readonly detail: string
      readonly retryInMs: number
      /** Whether the attempt counts; an early message, or one behind a parked head, is nobody's failure. */
      readonly counted: boolean
      /** Parks the message in the same commit. */
      readonly message: ParkedMessage | undefined
    }
  | {
      readonly state: 'dead'
      readonly reason: Reason
      readonly detail: string
      readonly message: ParkedMessage | undefined
    }
