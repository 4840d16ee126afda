import { isInteger, isSafeNumber, parse } from 'lossless-json'
import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, textOf } from './bytes.ts'

/** Lossless JSON: integers beyond 2^53 are bigint, other numbers number. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** `T` where it survives a round through JSON, `never` in the places where it does not. */
export type JsonOf<T> = T extends string | number | boolean | null | undefined | void
  ? T
  : T extends bigint | symbol | ((...parameters: never) => unknown)
    ? never
    : T extends object
      ? { [K in keyof T]: JsonOf<T[K]> }
      : never

/**
 * Bound for results: `<R extends JsonShape<R>>`. Interfaces pass, which `JsonValue` would refuse. A mapped type,
 * because a conditional one as its own bound is circular; what stands at the top alone is checked at run time.
 */
export type JsonShape<T> = { [K in keyof T]: JsonOf<T[K]> }

/** Sixteen digits in a row may be an integer that a double cannot hold; everything shorter is exact. */
const maybeBeyondDouble = /\d{16}/
/**
 * Text without any of these has no member named __proto__, and no number that overflows: 209 digits with an exponent
 * of two still stay below the largest double.
 */
const maybeHostile = /__proto__|\\u|\d[eE]\+?\d{3}|\d{210}/

/**
 * A body as lossless JSON.
 *
 * @throws SEMEL_BODY_INVALID, SEMEL_BODY_TOO_DEEP
 */
export function parseJson(body: Bytes, depthMax: number): JsonValue {
  const text = textOf(body)
  if (text === undefined) throw invalid('it is not well-formed UTF-8')
  refuseDepth(text, depthMax)
  const value = parsed(text)
  if (maybeHostile.test(text)) refuseHostile(value)
  return value
}

function parsed(text: string): JsonValue {
  try {
    // The native parser is ten times faster and, where no long number stands, lossless.
    if (!maybeBeyondDouble.test(text)) return JSON.parse(text)
    return parse(text, null, { parseNumber, onDuplicateKey: lastOne }) as JsonValue
  } catch (cause) {
    throw invalid('it is not JSON', cause)
  }
}

/** As the native parser has it: what a body means does not hang on a long number elsewhere in it. */
function lastOne({ newValue }: { readonly newValue: unknown }): unknown {
  return newValue
}

function parseNumber(text: string): number | bigint {
  return isInteger(text) && !isSafeNumber(text) ? BigInt(text) : Number(text)
}

/** Depth is counted on the text, before any parser can recurse. */
function refuseDepth(text: string, depthMax: number): void {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 0x5c) at++
      else if (code === 0x22) quoted = false
    } else if (code === 0x22) quoted = true
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > depthMax)
        throw new SemelError('SEMEL_BODY_TOO_DEEP', `the body nests deeper than ${depthMax} levels`)
    } else if (code === 0x5d || code === 0x7d) depth--
  }
}

function refuseHostile(value: unknown): void {
  if (value === Infinity || value === -Infinity) throw invalid('a number in it is too large')
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) throw invalid('it has a member named __proto__')
  for (const member of Object.values(value)) refuseHostile(member)
}

function invalid(why: string, cause?: unknown): SemelError {
  return new SemelError('SEMEL_BODY_INVALID', `the body is not usable: ${why}`, { cause })
}
