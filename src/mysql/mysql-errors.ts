import type { SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'

/** What the server numbers its errors by: MySQL 8 reference, B.3; MariaDB above 1900. */
const numbers: Readonly<Partial<Record<SemelCode, readonly number[]>>> = {
  // Deadlock, lock wait, changed since the snapshot; a record that somebody has written meanwhile.
  SEMEL_STORE_CONTENDED: [1205, 1213, 1020, 1062, 3572],
  SEMEL_STORE_FULL: [1021, 1114, 3675],
  SEMEL_STORE_READ_ONLY: [1290, 1792, 1836, 3100],
  SEMEL_SCHEMA_MISSING: [1146, 1049, 1046],
  SEMEL_SCHEMA_BEHIND: [1054],
  SEMEL_STORE_DENIED: [1044, 1045, 1130, 1142, 1143, 1227, 1370, 1524, 1698],
  SEMEL_STORE_UNAVAILABLE: [
    1037, 1038, 1040, 1041, 1042, 1047, 1053, 1077, 1079, 1129, 1152, 1158, 1159, 1160, 1161, 1203,
    1226, 1317, 1927, 1969, 3024, 3168, 3169, 4031,
  ],
  // The binary log cannot take what we write; the server cannot take a statement of this length.
  SEMEL_DATABASE_UNSAFE: [1153, 1665],
  // No such savepoint; our seal; a transaction that somebody else has left open.
  SEMEL_TX_ROLLED_BACK: [1305, 1690, 1568],
  SEMEL_STORE_CORRUPT: [126, 127, 144, 145, 1033, 1034, 1035, 1194, 1195, 1712, 1877],
}

const codes: ReadonlyMap<number, SemelCode> = new Map(
  Object.entries(numbers).flatMap(([code, some]) => some.map((one) => [one, code as SemelCode])),
)

const contention = [1205, 1213, 1020, 3572]
const duplicate = [1062]
const lockWait = [1205]

/** The connection ended, or was ended, while something was under way. */
const cut = [1053, 1158, 1159, 1160, 1161, 1317, 1927, 3168, 3169, 4031]

/** An error of a statement of ours, by its number; without one it is an error of the connection. */
export function storeError(error: unknown, where: string): unknown {
  if (isSemelError(error)) return error
  const number = numberOf(error)
  const code =
    number === undefined
      ? 'SEMEL_STORE_UNAVAILABLE'
      : (codes.get(number) ?? 'SEMEL_INVARIANT_BROKEN')
  return new SemelError(code, text(where, error), { cause: error })
}

/**
 * COMMIT, or what went with it, failed. What the server answered with a number is refused; where the connection was
 * cut it may have committed.
 */
export function commitError(error: unknown, where: string): unknown {
  if (isSemelError(error)) return error
  const number = numberOf(error)
  if (number !== undefined && !cut.includes(number)) return storeError(error, where)
  return new SemelError('SEMEL_OUTCOME_UNKNOWN', text(where, error), { cause: error })
}

/** After these nothing of the transaction may be committed: it is gone, or a part of it is. */
export function isContention(error: unknown): boolean {
  return hasNumber(error, contention)
}

/** Whether a statement has waited in vain: it alone is undone. */
export function isLockWait(error: unknown): boolean {
  return hasNumber(error, lockWait)
}

/** Whether somebody else has written a row with the same unique values. */
export function isDuplicate(error: unknown): boolean {
  return hasNumber(error, duplicate)
}

/** Also under the error of a query builder or an ORM. */
function hasNumber(error: unknown, some: readonly number[]): boolean {
  let at = error
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    if (some.includes(numberOf(at) ?? 0)) return true
    const { cause, driverError } = at as {
      readonly cause?: unknown
      readonly driverError?: unknown
    }
    at = cause ?? driverError
  }
  return false
}

/** Those of the operating system are below zero. */
function numberOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { errno } = error as { readonly errno?: unknown }
  return typeof errno === 'number' && errno > 0 ? errno : undefined
}

function text(where: string, error: unknown): string {
  return `${where}: ${describeError(error)}`
}
