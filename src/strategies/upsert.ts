import type { ColumnValues, Guards } from '../inbox/guards.ts'
import type { GuardAnswer, GuardedTransaction } from '../inbox/strategy.ts'
import { checkTable } from './check-table.ts'
import { columnKey } from './column-key.ts'
import { checkGiven, type GuardedStrategy, guardedStrategy } from './given.ts'
import { invalid, present, rowOf, shown } from './values.ts'

export interface UpsertOptions<in In> {
  readonly table: string
  /** The columns of one unique index: by them a row is known. */
  readonly key: readonly string[]
  /** The column that says which of two rows is newer. A null is older than everything. */
  readonly newest: string
  /** Decides between rows that are equally new. Default: the one that is there stays. */
  readonly tie?: string
  /** The whole row of a message. */
  readonly of: (input: In) => ColumnValues
}

const name = 'upsert'

/**
 * Inserts a row, or updates it if this one is newer; an older one that comes late changes nothing and is reported as
 * `passed`. Level A. Only the index of `key` decides: what meets a row in another unique index is an error.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 * @example upsert({ table: 'clicks', key: ['act_code', 'usr_id'], newest: 'clicked_at', of: ({ body }) => rowOf(body) })
 */
export function upsert<In>(options: UpsertOptions<In>): GuardedStrategy<In, ColumnValues> {
  checkGiven(
    name,
    options,
    { tables: ['table'], lists: ['key'], columns: ['newest'], functions: ['of'] },
    { columns: ['tie'] },
  )
  const { table, key, newest, tie, of } = options
  const order = tie === undefined ? [newest] : [newest, tie]
  const guard = {
    of,
    keyOf: (row: ColumnValues) => columnKey(name, row, [...key, ...order]),
    check: (guards: Guards, tx?: unknown) =>
      checkTable(guards, { table, unique: key, columns: order }, tx),
    apply: (on: GuardedTransaction, row: ColumnValues) =>
      keepNewest(on, { table, key, order }, row),
  }
  return guardedStrategy(name, guard, ['a row that somebody deletes is forgotten'])
}

interface Kept {
  readonly table: string
  readonly key: readonly string[]
  readonly order: readonly string[]
}

async function keepNewest(
  { guards, tx }: GuardedTransaction,
  { table, key, order }: Kept,
  values: ColumnValues,
): Promise<GuardAnswer> {
  const row = rowOf(name, values)
  const where = key.map((column) => ({ column, is: present(name, row, column) }))
  const before = order.map((column) => {
    if (row[column] === undefined)
      throw invalid(name, `${column} is missing; it says which row is newer`)
    return [column, row[column]] as const
  })
  const set = Object.fromEntries(Object.entries(row).filter(([column]) => !key.includes(column)))
  const question = { where, holds: [{ before }] }
  const known = where.map(({ column, is }) => `${column} ${shown(is)}`).join(', ')
  for (let tries = 0; tries < triesMax; tries++) {
    if ((await guards.update(tx, table, { set, where: [...where, { before }] })) > 0)
      return { kind: 'applied' }
    // Looked for before it is inserted: on MySQL those who meet in an insert block each other.
    const found = await guards.find(tx, table, question)
    if (found?.holds[0] === false)
      return { kind: 'passed', detail: `${table} has a row (${known}) that is as new` }
    if (found === undefined && (await guards.insert(tx, table, row, key)))
      return { kind: 'applied' }
  }
  const detail = `${known} of ${table} appears and vanishes while it is written`
  return { kind: 'conflict', code: 'SEMEL_ROW_CONFLICT', detail }
}

/** A row that comes or goes between two statements is looked at again; so often at most. */
const triesMax = 5
