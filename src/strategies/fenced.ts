import { SemelError } from '../errors/semel-error.ts'
import type { ColumnValues } from '../inbox/guards.ts'
import type { Store } from '../inbox/store.ts'
import { guardsOf } from '../once/guarded.ts'
import { present, shown } from './values.ts'

export interface FencedRow {
  readonly table: string
  /** The columns that the row is known by, with their values. */
  readonly where: ColumnValues
  /** The column that keeps the highest token so far, an integer of 64 bits. Default: `fence`. */
  readonly column?: string
  /** Of the lock in hand: `context.lock?.token`. */
  readonly token: bigint | undefined
}

/**
 * Compares the token of a lock with the highest one that a row of yours has seen, and keeps it there, in your own
 * transaction: whoever held the lock before, and comes late, changes nothing.
 *
 * @throws SEMEL_FENCED when the row has seen a newer token, or is not there; SEMEL_VALUES_INVALID without a token
 */
export async function fenced<Tx>(store: Store<Tx>, tx: Tx, row: FencedRow): Promise<void> {
  const name = 'fenced'
  const { table, column = 'fence' } = row
  const guards = guardsOf(store, { name })
  const token = present(name, row, 'token')
  const where = Object.keys(row.where).map((known) => ({
    column: known,
    is: present(name, row.where, known),
  }))
  if (where.length === 0)
    throw new SemelError('SEMEL_VALUES_INVALID', `${name}: where names no column`)
  const newer = { before: [[column, token] as const] }
  const change = { set: { [column]: token }, where: [...where, newer] }
  if ((await guards.update(tx, table, change)) > 0) return
  const question = { where, columns: [column], holds: [{ column, is: token }] }
  const found = await guards.find(tx, table, question)
  if (found?.holds[0] === true) return
  const why = found === undefined ? 'is not there' : `has seen token ${found.texts[0]}`
  throw new SemelError('SEMEL_FENCED', `a row of ${table} ${why}; this one has ${shown(token)}`)
}
