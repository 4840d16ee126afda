import { SemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'
import type { GuardAnswer } from '../inbox/strategy.ts'
import { guardsOf } from '../once/guarded.ts'
import type { GuardedStrategy } from './given.ts'

/** A guard by itself, for a transaction that the caller began and commits. */
export interface Guard<in Tx, in V> {
  /**
   * Looks, changes the row, and says what that means: nothing that can be expected is thrown. Only after `applied` is
   * the rest of the effect yours to write.
   *
   * @param key Of the message; `version` with `by` keeps it in the row.
   * @throws SEMEL_VALUES_INVALID, and what the database throws
   */
  apply(tx: Tx, values: V, key?: string): Promise<GuardAnswer>
  /**
   * Compares with the real table: call it when you start.
   *
   * @throws SEMEL_TABLE_MISSING, SEMEL_CONSTRAINT_MISSING, SEMEL_STORE_…
   */
  check(): Promise<void>
}

/**
 * The guard of a strategy without anything around it: no record, no retries, no consumer. The store is asked for its
 * dialect and for nothing else.
 *
 * @throws SEMEL_GUARDS_MISSING; SEMEL_OPTION_INVALID for a strategy that guards no row
 * @example const answer = await guard(store, rides).apply(tx, { id: 'ride-1', to: 'departed' })
 */
export function guard<Tx, V>(store: Store<Tx>, strategy: GuardedStrategy<never, V>): Guard<Tx, V> {
  const guards = guardsOf(store, strategy)
  const { guard: own } = strategy
  if (own === undefined)
    throw new SemelError('SEMEL_OPTION_INVALID', `strategy ${strategy.name} guards no row`)
  return {
    apply: async (tx, values, key = '') => own.apply({ guards, tx }, values, key),
    check: () => own.check(guards),
  }
}
