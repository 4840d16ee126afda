import { types } from 'node:util'
import { SemelError } from '../errors/semel-error.ts'
import type { ColumnValue, ColumnValues } from '../inbox/guards.ts'

/**
 * The values of a row, as a function of the user's made them.
 *
 * @throws SEMEL_VALUES_INVALID
 */
export function rowOf(strategy: string, values: unknown): ColumnValues {
  if (typeof values !== 'object' || values === null || values instanceof Promise)
    throw invalid(strategy, `of() answered ${kindOf(values)}, not columns with their values`)
  for (const [column, value] of Object.entries(values))
    if (!isColumnValue(value))
      throw invalid(strategy, `${column} is ${kindOf(value)}, which no column takes`)
  return values as ColumnValues
}

/** One that must be there, because the row is found by it: a null is never equal to itself in an index. */
export function present(strategy: string, row: object, column: string): ColumnValue {
  const value = (row as Readonly<Record<string, unknown>>)[column]
  if (value === null || value === undefined || !isColumnValue(value))
    throw invalid(strategy, `${column} is ${kindOf(value)}; the row is found by it`)
  return value
}

export function isColumnValue(value: unknown): value is ColumnValue {
  if (value === null || value instanceof Uint8Array) return true
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean'
}

/** For a person; also what is too long for a line. */
export function shown(value: ColumnValue | undefined): string {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`.slice(0, 60)
  return String(value).slice(0, 60)
}

export function invalid(strategy: string, what: string): SemelError {
  return new SemelError('SEMEL_VALUES_INVALID', `${strategy}: ${what}`)
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number') return String(value)
  if (types.isDate(value)) return 'a Date (give the text that the column takes)'
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`
}
