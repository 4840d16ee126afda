import type { ColumnValue, ColumnValues } from '../inbox/guards.ts'
import type { Key, KeyPart } from '../inbox/key.ts'
import { present } from './values.ts'

/** An idempotency key of columns, each of which must have a value. */
export function columnKey(strategy: string, row: ColumnValues, columns: readonly string[]): Key {
  const [first, ...rest] = columns.map((column) => keyPart(present(strategy, row, column)))
  return [first ?? '', ...rest]
}

/** Numbers with a fraction, and truth values, as texts: no key of an integer or a word is the same. */
function keyPart(value: ColumnValue): KeyPart {
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return String(value)
  return value ?? 'null'
}
