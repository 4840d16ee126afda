import type { Bytes } from './bytes.ts'
import type { Identity } from './identity.ts'
import type { Lease, Outcome, ParkedMessage, Reason } from './record.ts'

/** Asking for a key. */
export interface ClaimRequest extends Identity {
  readonly fingerprint: Bytes
  readonly claimId: Bytes
  /** Whether nothing else runs in this process (P14). */
  readonly alone: boolean
  /** Who asks: a delivery of the broker, a taker of parked messages, or `run()`. */
  readonly by: 'delivery' | 'parked' | 'run'
  /** Of a delivery whose messages keep their order; a parked one knows its own. */
  readonly lane?: Bytes | undefined
}

export interface ClaimTerms {
  readonly leaseMs: number
  readonly attemptsMax: number
}

/** The answers to a claim. None of them is an error. */
export type Claim =
  | { readonly kind: 'granted'; readonly lease: Lease; readonly message: ParkedMessage | undefined }
  | { readonly kind: 'completed'; readonly result: string | undefined }
  /** Somebody holds it, or its retry is not due yet. */
  | { readonly kind: 'held'; readonly leftMs: number }
  /** Kept in the store and served from there: the delivery can be acknowledged (P6). */
  | { readonly kind: 'parked' }
  /** Another message of its lane is parked before it (P23): park it behind that one. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'dead'; readonly reason: Reason; readonly detail: string }
  | { readonly kind: 'mismatched'; readonly fingerprint: Bytes }
  /** A crash was left behind here: claim again while nothing else runs (P14). */
  | { readonly kind: 'suspect' }
  /** Its attempts are used up: bury it. `token` guards the burial. */
  | { readonly kind: 'exhausted'; readonly token: number; readonly reason: Reason }
  /** Asked by a taker of parked messages for something that is not there to be taken. */
  | { readonly kind: 'gone' }

/** A record written where there was none: by the fast path, or for a message that has no identity of its own (P3). */
export interface NewRecord extends Identity {
  readonly fingerprint: Bytes
  readonly outcome: Outcome
}
