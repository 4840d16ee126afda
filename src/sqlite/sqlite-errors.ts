import type { SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'

/** Primary result codes of SQLite, as `better-sqlite3` spells them and as `node:sqlite` numbers them. */
const codes: Readonly<Record<string, readonly [number: number, code: SemelCode]>> = {
  PERM: [3, 'SEMEL_STORE_READ_ONLY'],
  BUSY: [5, 'SEMEL_STORE_CONTENDED'],
  LOCKED: [6, 'SEMEL_STORE_CONTENDED'],
  NOMEM: [7, 'SEMEL_STORE_UNAVAILABLE'],
  READONLY: [8, 'SEMEL_STORE_READ_ONLY'],
  IOERR: [10, 'SEMEL_STORE_UNAVAILABLE'],
  CORRUPT: [11, 'SEMEL_STORE_CORRUPT'],
  FULL: [13, 'SEMEL_STORE_FULL'],
  CANTOPEN: [14, 'SEMEL_STORE_UNAVAILABLE'],
  PROTOCOL: [15, 'SEMEL_STORE_CONTENDED'],
  NOTADB: [26, 'SEMEL_STORE_CORRUPT'],
}
const byNumber = new Map(Object.entries(codes).map(([name, [number]]) => [number, name]))

/**
 * An error of a statement of ours, translated by its result code; never by its text. What is no error of SQLite
 * stays as it is.
 */
export function storeError(error: unknown, file: string): unknown {
  if (isSemelError(error)) return error
  const name = resultCode(error)
  if (name === undefined) return error
  const code = codes[name]?.[1] ?? 'SEMEL_INVARIANT_BROKEN'
  return new SemelError(code, `${file}: ${describeError(error)}`, { cause: error })
}

/** Whether another connection has the lock, so that waiting helps. */
export function isBusy(error: unknown): boolean {
  const name = resultCode(error)
  return name === 'BUSY' || name === 'LOCKED' || name === 'PROTOCOL'
}

/**
 * COMMIT was refused. A disk that failed leaves open what it has kept; a constraint that was deferred to the
 * commit is the handler's doing.
 */
export function commitError(error: unknown, file: string): unknown {
  const name = resultCode(error)
  const message = `${file}: COMMIT was refused: ${describeError(error)}`
  if (name === 'IOERR') return new SemelError('SEMEL_OUTCOME_UNKNOWN', message, { cause: error })
  if (name === 'CONSTRAINT')
    return new SemelError('SEMEL_TX_ROLLED_BACK', message, { cause: error })
  return storeError(error, file)
}

/** The name of the primary result code, its number if it has no row above, undefined for other errors. */
function resultCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') return nameOf(errcode & 0xff)
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return undefined
  return code.split('_')[1]
}

function nameOf(number: number): string {
  return number === constraint ? 'CONSTRAINT' : (byNumber.get(number) ?? String(number))
}

const constraint = 19
