import type { AssuranceLevel } from '../inbox/assurance.ts'

/** What every handler gets. */
export interface AttemptContext {
  /** The idempotency key in its readable form. */
  readonly key: string
  /** From 1; attempts that a crash ended count if they ran alone. */
  readonly attempt: number
  /** Aborts when the lease is lost, `performMsMax` has passed, or the caller or the consumer stops. */
  readonly signal: AbortSignal
}

/** What a handler gets when its effects are rows beside the inbox. */
export interface TransactionContext<Tx> extends AttemptContext {
  /** Your own transaction object. It commits when the handler returns, together with the record. */
  readonly tx: Tx
}

/** There is a transaction at level A alone. */
export type HandlerContext<Tx, L extends AssuranceLevel> = [L] extends ['A']
  ? TransactionContext<Tx>
  : AttemptContext
