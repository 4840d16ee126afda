import type { Parent } from '../parent.ts'

/** One way to make messages take effect once, as a consumer in a process of its own. */
export interface Way {
  readonly name: string
  /** Why it fails, for the table; undefined: it does not. */
  readonly fails: string | undefined
  /** Its own tables, beside the ledger. */
  readonly schema: string
  /** Where it can be killed on purpose, the most telling first. */
  readonly points: readonly string[]
  /** Consumes until the parent says stop. */
  consume(file: string, parent: Parent): Promise<void>
}

/** What every way is to do once per order. Without a unique key, so that a second time shows. */
export const ledgerSchema = `
  create table ledger (id integer primary key, order_id text not null, cents integer not null) strict;
  create index ledger_order on ledger (order_id);
`
export const insertLedger = 'insert into ledger (order_id, cents) values (?, ?)'

export const topic = 'orders'
export const group = 'ledger'
/** How soon what a killed consumer had in hand comes back. */
export const holdMs = 700
