import type { OptionName } from 'semel'

export const topic = 'orders'
export const group = 'points'
export const ledgerInsert = 'insert into ledger (message) values (?)'

/** What a message is about to do; the key is its id. */
export interface Body {
  readonly id: string
  /** Attempts that throw, after the effect, before anything worse. */
  readonly failures?: number
  readonly kills?: 'handler' | 'decoder'
  readonly blocks?: true
  /** Of messages that keep their order, and the place in it, from 0. */
  readonly lane?: string
  readonly step?: number
}

/** Options of the consumer that go through JSON. */
export type Limits = Partial<Record<OptionName, number>> & {
  readonly fingerprint?: 'off'
  readonly watchdog?: boolean
}

/** What a child is given. */
export interface Given {
  readonly file: string
  readonly holdMs: number
  readonly options: Limits
}
