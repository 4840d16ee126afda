import { DatabaseSync } from 'node:sqlite'
import { ledgerSchema, type Way } from './ways/way.ts'

/** What is in the ledger, against the orders that were sent. */
export interface Effects {
  /** Orders with at least one effect. */
  readonly effects: number
  /** Effects beyond the first of an order. */
  readonly duplicated: number
  /** Orders without any effect. */
  readonly lost: number
}

export function createLedger(file: string, { schema }: Way): void {
  const db = new DatabaseSync(file)
  db.exec(`pragma journal_mode = wal; ${ledgerSchema} ${schema}`)
  db.close()
}

export function countEffects(file: string, messages: number): Effects {
  const db = new DatabaseSync(file)
  const query = 'select count(*) as lines, count(distinct order_id) as orders from ledger'
  const { lines, orders } = db.prepare(query).get() as Readonly<Record<'lines' | 'orders', number>>
  db.close()
  return { effects: orders, duplicated: lines - orders, lost: messages - orders }
}
