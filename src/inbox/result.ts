import { SemelError } from '../errors/semel-error.ts'
import { utf8 } from './bytes.ts'

/**
 * A result as the text that is stored. Fresh and replayed results are both read back from it, so that the
 * caller sees the same value both times. `undefined` is stored as no text.
 *
 * @throws SEMEL_RESULT_INVALID, SEMEL_RESULT_TOO_LARGE; both before anything is committed.
 */
export function encodeResult(result: unknown, bytesMax: number): string | undefined {
  if (result === undefined) return undefined
  const text = stringified(result)
  const size = utf8(text).length
  if (size <= bytesMax) return text
  throw new SemelError(
    'SEMEL_RESULT_TOO_LARGE',
    `the result has ${size} bytes, allowed are ${bytesMax}`,
  )
}

export function decodeResult(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}

function stringified(result: unknown): string {
  try {
    refuseLoss(result, new Set())
    return JSON.stringify(result)
  } catch (cause) {
    if (cause instanceof SemelError) throw cause
    throw new SemelError('SEMEL_RESULT_INVALID', 'the result is not JSON', { cause })
  }
}

/** JSON.stringify is silent about what it drops or bends; money must not be. */
function refuseLoss(value: unknown, above: Set<object>): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(`the number ${value}`)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    throw invalid(`a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return
  if (above.has(value)) throw invalid('a circle')
  if (Array.isArray(value)) refuseSparse(value)
  else if (!plain(value)) throw invalid(`a ${value.constructor?.name ?? 'class'}`)
  above.add(value)
  for (const member of Object.values(value)) refuseLoss(member, above)
  above.delete(value)
}

/** JSON makes null of a hole and of undefined, and drops what is beside the elements. */
function refuseSparse(list: readonly unknown[]): void {
  if (Object.keys(list).length !== list.length) throw invalid('an array with holes or names')
  if (list.includes(undefined)) throw invalid('undefined in an array')
}

function plain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function invalid(what: string): SemelError {
  return new SemelError(
    'SEMEL_RESULT_INVALID',
    `the result contains ${what}, which JSON does not keep`,
  )
}
