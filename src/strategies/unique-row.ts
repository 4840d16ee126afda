import type { ColumnValues } from '../inbox/guards.ts'
import type { GuardAnswer, GuardedTransaction } from '../inbox/strategy.ts'
import { checkTable } from './check-table.ts'
import { checkGiven, type GuardedStrategy, guardedStrategy } from './given.ts'
import { columnKey } from './column-key.ts'
import { present, rowOf, shown } from './values.ts'

export interface UniqueRowOptions<in In> {
  /** With its schema before it where need be: `shop.t_points`. */
  readonly table: string
  /** The columns of one unique index: by them a row is known. */
  readonly unique: readonly string[]
  /** The whole row of a message. */
  readonly of: (input: In) => ColumnValues
  /** Columns that a row under the same key must have in common with a message; else it is another intent. Default: none. */
  readonly same?: readonly string[]
}

const name = 'uniqueRow'

/**
 * semel inserts a row of yours, which refuses a second one: then the handler is not called. Level A. What breaks any
 * other constraint is an error, and never taken for a duplicate.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 * @example uniqueRow({ table: 't_points', unique: ['order_id'], of: ({ body }) => ({ order_id: body.orderId, points: 30 }) })
 */
export function uniqueRow<In>(options: UniqueRowOptions<In>): GuardedStrategy<In, ColumnValues> {
  checkGiven(
    name,
    options,
    { tables: ['table'], lists: ['unique'], functions: ['of'] },
    { lists: ['same'] },
  )
  const { table, unique, of, same = [] } = options
  const guard = {
    of,
    keyOf: (row: ColumnValues) => columnKey(name, row, unique),
    check: (guards: GuardedTransaction['guards'], tx?: unknown) =>
      checkTable(guards, { table, unique, columns: same }, tx),
    apply: (on: GuardedTransaction, row: ColumnValues) => insertOnce(on, options, row, same),
  }
  return guardedStrategy(name, guard, ['a row that somebody deletes is forgotten'])
}

/** A row that vanishes between the insert and the look is inserted again; so often at most. */
const triesMax = 5

async function insertOnce<In>(
  { guards, tx }: GuardedTransaction,
  { table, unique }: UniqueRowOptions<In>,
  values: ColumnValues,
  same: readonly string[],
): Promise<GuardAnswer> {
  const row = rowOf(name, values)
  const keys = unique.map((column) => ({ column, value: present(name, row, column) }))
  const where = keys.map(({ column, value }) => ({ column, is: value }))
  const holds = [
    ...keys.map(({ column, value }) => ({ column, exactly: value })),
    ...same.map((column) => ({ column, is: row[column] ?? null })),
  ]
  const known = keys.map(({ column, value }) => `${column} ${shown(value)}`).join(', ')
  for (let tries = 0; tries < triesMax; tries++) {
    if (await guards.insert(tx, table, row, unique)) return { kind: 'applied' }
    const found = await guards.find(tx, table, { where, holds })
    if (found === undefined) continue
    const differs = holds.filter((_, at) => found.holds[at] !== true).map(({ column }) => column)
    if (differs.length === 0) return { kind: 'passed', detail: `${table} has the row (${known})` }
    const detail = `${table} has the row (${known}) with another ${[...new Set(differs)].join(', ')}`
    return { kind: 'conflict', code: 'SEMEL_ROW_CONFLICT', detail }
  }
  const detail = `${known} of ${table} appears and vanishes while it is inserted`
  return { kind: 'conflict', code: 'SEMEL_ROW_CONFLICT', detail }
}
