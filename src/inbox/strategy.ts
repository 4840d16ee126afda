import type { SemelCode } from '../errors/catalog.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { AssuranceLevel } from './assurance.ts'
import type { Guards } from './guards.ts'
import type { Key } from './key.ts'
import type { Lock } from './lock.ts'

/**
 * How a second delivery is recognised, and what that is worth. Made by the functions of `semel/strategies`. `In` is
 * what it takes its values from: a message, or the `input` of `run()`.
 */
export interface Strategy<L extends AssuranceLevel = AssuranceLevel, in In = never> {
  readonly name: string
  readonly level: L
  /**
   * `transaction`: record and effect commit together. `lease`: the effect is elsewhere. `either`: a transaction where
   * the store has them.
   */
  readonly path: 'transaction' | 'lease' | 'either'
  /** The reason that the user wrote; levels C and D need one. */
  readonly because: string | undefined
  readonly windows: readonly string[]
  /** What a row of the user's says, before the handler and in its transaction. */
  readonly guard?: StrategyGuard<In>
  /** What is held around each message. */
  readonly lock?: StrategyLock<In>
  /** Whether the record is read before the transaction begins. */
  readonly looksFirst?: boolean
}

/** A guard as a strategy carries it. */
export interface StrategyGuard<in In = never> {
  /** The values of one message. */
  readonly of: (input: In) => unknown
  /** The key of values that name one intent; undefined: they do not. */
  readonly keyOf: ((values: never) => Key) | undefined
  /** Looks, changes the row, and says what that means. `key` is that of the message, in its readable form. */
  apply(on: GuardedTransaction, values: never, key: string): Promise<GuardAnswer>
  /**
   * Compares with the real table, inside `tx` where there is one.
   *
   * @throws SEMEL_TABLE_MISSING, SEMEL_CONSTRAINT_MISSING
   */
  check(guards: Guards, tx?: unknown): Promise<void>
}

/** Where a guard works. */
export interface GuardedTransaction {
  readonly guards: Guards
  readonly tx: unknown
}

export interface StrategyLock<in In = never> {
  readonly lock: Lock
  readonly resource: (input: In) => Key
  /** In milliseconds. */
  readonly waitMs: number
}

/** What a guard has found. Expected answers are values: nothing of these is thrown by a guard. */
export type GuardAnswer =
  /** The row is as this message wants it; go on in the same transaction. */
  | { readonly kind: 'applied' }
  /** The row was so already, or beyond: there is nothing to do. */
  | { readonly kind: 'passed'; readonly detail: string }
  /** Others have to come first. */
  | { readonly kind: 'early'; readonly detail: string }
  /** The row says something that this message contradicts. */
  | { readonly kind: 'conflict'; readonly code: SemelCode; readonly detail: string }

/**
 * The key of a strategy whose values do not name one intent.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function noKeyOfItsOwn(): never {
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    'the values of this strategy do not name one intent: give a key of your own',
  )
}

/** Record and effect in one commit; what is used where nothing else is declared. */
export const inboxStrategy: Strategy<'A', unknown> = {
  name: 'inbox',
  level: 'A',
  path: 'transaction',
  because: undefined,
  windows: [],
}
