import { SemelError } from '../errors/semel-error.ts'
import type { Guards } from '../inbox/guards.ts'

/** What a strategy needs of a table. */
export interface TableNeeds {
  readonly table: string
  /** Columns of exactly one unique index. */
  readonly unique: readonly string[]
  readonly columns: readonly string[]
}

/**
 * Compares with the real table, so that a missing index is found at the start and not by a duplicate.
 *
 * @throws SEMEL_TABLE_MISSING, SEMEL_CONSTRAINT_MISSING
 */
export async function checkTable(
  guards: Guards,
  { table, unique, columns }: TableNeeds,
  tx: unknown,
): Promise<void> {
  const shape = await guards.shape(table, tx)
  if (shape === undefined) throw new SemelError('SEMEL_TABLE_MISSING', `there is no table ${table}`)
  const missing = [...unique, ...columns].find((column) => !shape.columns.includes(column))
  if (missing !== undefined)
    throw new SemelError(
      'SEMEL_TABLE_MISSING',
      `table ${table} has no column ${missing}; it has ${shape.columns.join(', ')}`,
    )
  if (!shape.unique.some((index) => sameColumns(index, unique)))
    throw new SemelError(
      'SEMEL_CONSTRAINT_MISSING',
      `table ${table} has no unique index of (${unique.join(', ')}) alone`,
    )
}

/** In whatever order: it is the combination that stands once. */
function sameColumns(index: readonly string[], wanted: readonly string[]): boolean {
  return index.length === wanted.length && wanted.every((column) => index.includes(column))
}
