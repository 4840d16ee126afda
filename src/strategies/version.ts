import type { ColumnValue, Guards } from '../inbox/guards.ts'
import type { GuardAnswer, GuardedTransaction } from '../inbox/strategy.ts'
import { checkTable } from './check-table.ts'
import { checkGiven, type GuardedStrategy, guardedStrategy } from './given.ts'
import { present, shown } from './values.ts'

/** Which row a message was made from, in which version. */
export interface RowVersion {
  readonly id: ColumnValue
  readonly version: number | bigint
}

export interface VersionOptions<in In> {
  readonly table: string
  /** The column that a row is known by; it has a unique index of its own. Default: `id`. */
  readonly id?: string
  /** The column that grows by one with every change, an integer. Default: `version`. */
  readonly version?: string
  /**
   * A text column for the key of the message that made the present version: with it the last message is known when it
   * comes again, also when its record was forgotten. Default: none.
   */
  readonly by?: string
  readonly of: (input: In) => RowVersion
}

const name = 'version'

/**
 * A message changes the version of the row that it was made from, and no other. semel raises the version, the handler
 * changes the rest in the same transaction. A row that has another version is looked into: it is never taken for done,
 * but for early, or for a conflict, which is dead and alarms. Level A.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 * @example version({ table: 'accounts', by: 'last_message', of: ({ body }) => ({ id: body.id, version: body.version }) })
 */
export function version<In>(options: VersionOptions<In>): GuardedStrategy<In, RowVersion> {
  checkGiven(
    name,
    options,
    { tables: ['table'], functions: ['of'] },
    { columns: ['id', 'version', 'by'] },
  )
  const { table, id = 'id', version: column = 'version', by, of } = options
  const guard = {
    of,
    // Two messages made from one version are two intents.
    keyOf: undefined,
    check: (guards: Guards, tx?: unknown) =>
      checkTable(
        guards,
        { table, unique: [id], columns: by === undefined ? [column] : [column, by] },
        tx,
      ),
    apply: (on: GuardedTransaction, values: RowVersion, key: string) =>
      raise(on, { table, id, version: column, by }, values, key),
  }
  return guardedStrategy(name, guard, [])
}

interface Versioned {
  readonly table: string
  readonly id: string
  readonly version: string
  readonly by: string | undefined
}

async function raise(
  { guards, tx }: GuardedTransaction,
  { table, id, version: column, by }: Versioned,
  values: RowVersion,
  key: string,
): Promise<GuardAnswer> {
  const wanted = present(name, values, 'version')
  const where = [{ column: id, is: present(name, values, 'id') }]
  const set = by === undefined ? {} : { [by]: key }
  const change = { set, increment: column, where: [...where, { column, is: wanted }] }
  if ((await guards.update(tx, table, change)) > 0) return { kind: 'applied' }
  const holds = [
    { before: [[column, wanted] as const] },
    ...(by === undefined ? [] : [{ column: by, exactly: key }]),
  ]
  const found = await guards.find(tx, table, { where, columns: [column], holds })
  const row = `${table} ${shown(values.id)}`
  if (found === undefined) return conflict(`${row} is not there`)
  const [isOlder, isOurs] = found.holds
  const [now] = found.texts
  if (isOurs === true) return { kind: 'passed', detail: `${row} has it, in version ${now}` }
  if (isOlder === true)
    return { kind: 'early', detail: `${row} has version ${now}, before ${shown(wanted)}` }
  return conflict(`${row} has version ${now}, the message was made from ${shown(wanted)}`)
}

function conflict(detail: string): GuardAnswer {
  return { kind: 'conflict', code: 'SEMEL_VERSION_CONFLICT', detail }
}
