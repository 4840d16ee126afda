import type { Limits } from '../given.ts'
import type { At, Effect } from './kinds.ts'

export const group = 'points'
/** What the key is unique in, whatever topic a message comes by. */
export const keyspace = 'orders'

/** What a message is about to do; the key is its id. */
export interface Body extends Effect {
  /** Attempts that throw, after the effect. */
  readonly failures?: number
  /** How long the handler then waits, holding what it has locked. */
  readonly waitsMs?: number
}

/** What a child is given. */
export interface Given {
  readonly at: At
  readonly file: string
  readonly holdMs: number
  /** One consumer for each. */
  readonly topics: readonly string[]
  readonly options: Limits
}
