import type { Bytes } from './bytes.ts'
import type { Identity } from './identity.ts'
import type { ParkedMessage, Reason, RecordView, State } from './record.ts'

/** Port, the cold side: what an operator can see and do. Every act is guarded, and audited in its own commit (P31). */
export interface Inspector {
  /** Newest change first. */
  list(filter: RecordFilter): Promise<readonly RecordView[]>
  count(group?: string): Promise<readonly RecordCount[]>
  /** One record with the message that is kept with it, and what people did to it. */
  show(identity: Identity): Promise<RecordDetails | undefined>
  /**
   * @throws SEMEL_RECORD_MISSING, SEMEL_RECORD_STATE
   */
  act(identity: Identity, act: Act): Promise<void>
  /** Forgets completed records whose retention has passed, at most `limit` of them (P32). Answers how many. */
  prune(limit: number): Promise<number>
}

export interface RecordFilter {
  readonly group?: string
  readonly state?: State
  readonly reason?: Reason
  /** Only those whose message is kept. */
  readonly withMessage?: boolean
  readonly limit: number
  readonly offset?: number
}

export interface RecordCount {
  readonly scope: Bytes
  readonly state: State
  readonly records: number
}

export interface RecordDetails {
  readonly record: RecordView
  readonly message: ParkedMessage | undefined
  readonly audit: readonly AuditEntry[]
}

/** What people can do with a record. All but `forget` keep what is known of it. */
export interface Act {
  /**
   * `redrive`: attempts to 0, due now. `skip`: completed without effect. `release`: ends a lease now.
   * `forget`: no record any more; the message takes effect again if it comes again.
   */
  readonly kind: 'redrive' | 'skip' | 'release' | 'forget'
  readonly who: string
  readonly why: string
  /** For `redrive`: a corrected body. */
  readonly body?: Bytes
  /**
   * For `redrive`, after a look at the far side: what was begun there and has no result did not happen, and may be
   * called again. Default: what is uncertain stays so.
   */
  readonly callAgain?: boolean
  /** For `skip`: how long the record is remembered, in milliseconds. */
  readonly keepMs?: number
}

export interface AuditEntry {
  readonly atMs: number
  readonly who: string
  readonly act: Act['kind']
  readonly why: string
}
