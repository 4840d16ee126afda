import type { AssuranceLevel } from '../inbox/assurance.ts'
import type { EffectCalls, Effects, NoEffects } from './effects/declarations.ts'

/** What every handler gets. */
export interface AttemptContext {
  /** The idempotency key in its readable form. */
  readonly key: string
  /** From 1; attempts that a crash ended count if they ran alone. */
  readonly attempt: number
  /** Aborts when the lease is lost, `performMsMax` has passed, or the caller or the consumer stops. */
  readonly signal: AbortSignal
  /** Of `withLock()`: to be compared by `fenced()` on the rows that the lock guards. */
  readonly lock?: { readonly token: bigint }
}

/** What a handler gets when its effects are rows beside the inbox. */
export interface TransactionContext<Tx> extends AttemptContext {
  /** Your own transaction object. It commits when the handler returns, together with the record. */
  readonly tx: Tx
}

/** What a handler gets when it declared effects elsewhere: no open transaction, only a final one. */
export interface EffectsContext<Tx, E extends Effects> extends AttemptContext {
  readonly effects: EffectCalls<E>
  /**
   * Rows of your own, in one commit with the record: at most once, and last, since the commit comes when the handler
   * returns. After it no effect is called any more.
   *
   * @throws SEMEL_EFFECT_REFUSED where it is not last, not the only one, or the store has none.
   */
  readonly transaction: <R>(work: (tx: Tx) => Promise<R> | R) => Promise<R>
}

/** There is a transaction at level A alone; beside declared effects there is a final one. */
export type HandlerContext<Tx, L extends AssuranceLevel, E extends Effects = NoEffects> = [
  keyof E,
] extends [never]
  ? [L] extends ['A']
    ? TransactionContext<Tx>
    : AttemptContext
  : EffectsContext<Tx, E>

/** The levels of declared effects. */
export type LevelOf<E extends Effects> = E[keyof E]['level']
