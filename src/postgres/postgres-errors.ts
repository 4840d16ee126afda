import type { SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'

/** SQLSTATEs, the whole code before its class. PostgreSQL, appendix A. */
const codes: Readonly<Record<string, SemelCode>> = {
  '08': 'SEMEL_STORE_UNAVAILABLE',
  22012: 'SEMEL_TX_ROLLED_BACK',
  25006: 'SEMEL_STORE_READ_ONLY',
  '25P01': 'SEMEL_TX_ROLLED_BACK',
  '25P02': 'SEMEL_TX_ROLLED_BACK',
  '25P03': 'SEMEL_STORE_UNAVAILABLE',
  28: 'SEMEL_STORE_DENIED',
  '3B001': 'SEMEL_TX_ROLLED_BACK',
  '3D000': 'SEMEL_STORE_UNAVAILABLE',
  '3F000': 'SEMEL_SCHEMA_MISSING',
  40001: 'SEMEL_STORE_CONTENDED',
  '40P01': 'SEMEL_STORE_CONTENDED',
  42501: 'SEMEL_STORE_DENIED',
  '42P01': 'SEMEL_SCHEMA_MISSING',
  42703: 'SEMEL_SCHEMA_BEHIND',
  53: 'SEMEL_STORE_UNAVAILABLE',
  53100: 'SEMEL_STORE_FULL',
  '55P03': 'SEMEL_STORE_CONTENDED',
  57: 'SEMEL_STORE_UNAVAILABLE',
  58: 'SEMEL_STORE_UNAVAILABLE',
  XX: 'SEMEL_STORE_CORRUPT',
}

const contention = ['40001', '40P01', '55P03']

/** The connection ended, or was ended, while something was under way. */
const cut = /^(?:08|57P0)/

/** An error of a statement of ours, translated by its SQLSTATE; without one it is an error of the connection. */
export function storeError(error: unknown, where: string): unknown {
  if (isSemelError(error)) return error
  const state = stateOf(error)
  if (state === undefined)
    return new SemelError('SEMEL_STORE_UNAVAILABLE', text(where, error), { cause: error })
  const code = codes[state] ?? codes[state.slice(0, 2)] ?? 'SEMEL_INVARIANT_BROKEN'
  return new SemelError(code, text(where, error), { cause: error })
}

/**
 * COMMIT, or what went with it, failed. What the server answered with a code is refused; where the connection was
 * cut it may have committed. A constraint that was deferred to the commit is the handler's doing.
 */
export function commitError(error: unknown, where: string): unknown {
  if (isSemelError(error)) return error
  const state = stateOf(error)
  if (state === undefined || cut.test(state))
    return new SemelError('SEMEL_OUTCOME_UNKNOWN', text(where, error), { cause: error })
  if (state.startsWith('23'))
    return new SemelError('SEMEL_TX_ROLLED_BACK', text(where, error), { cause: error })
  return storeError(error, where)
}

/** Whether a transaction met another one. */
export function isContention(error: unknown): boolean {
  return hasState(error, contention)
}

/** Whether its transaction had failed before. */
export function isCollateral(error: unknown): boolean {
  return hasState(error, ['25P02'])
}

/** Also under the error of a query builder or an ORM. */
function hasState(error: unknown, states: readonly string[]): boolean {
  for (let at = error, depth = 0; depth < 5 && at !== undefined; depth++) {
    if (states.includes(stateOf(at) ?? '')) return true
    const { cause, driverError } = at as {
      readonly cause?: unknown
      readonly driverError?: unknown
    }
    at = cause ?? driverError
  }
  return false
}

function stateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function text(where: string, error: unknown): string {
  return `${where}: ${describeError(error)}`
}
