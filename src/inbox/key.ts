import { hush } from '../errors/hush.ts'
import { SemelError } from '../errors/semel-error.ts'
import { options } from '../options/table.ts'
import { type Bytes, compose, concat, decompose, hex, sha256, textOf } from './bytes.ts'

/** One part of an idempotency key. Numbers must be safe integers; strings well-formed Unicode. */
export type KeyPart = string | number | bigint | Uint8Array

/** What makes two messages the same intent. A tuple is composed with length prefixes, never joined. */
export type Key = KeyPart | readonly [KeyPart, ...KeyPart[]]

/** A key as it is stored. `readable` is kept beside only where the bytes are a digest. */
export interface EncodedKey {
  readonly key: Bytes
  readonly readable: string | undefined
}

/**
 * What the first byte of a stored key says of the rest. `mismatched` and `raw` stand for messages that
 * have no identity of their own (P3); nobody can make them by choosing a key.
 */
export const keyKinds = {
  text: 0x73,
  bytes: 0x62,
  tuple: 0x74,
  hashed: 0x68,
  mismatched: 0x6d,
  raw: 0x72,
} as const

/**
 * Turns a user's key into bytes. A safe integer, a bigint and a decimal string of one number are one key (P1);
 * a tuple of one part is that part.
 *
 * @throws SEMEL_KEY_MISSING, SEMEL_KEY_INVALID, SEMEL_KEY_TOO_LONG
 */
export function encodeKey(key: unknown): EncodedKey {
  const encoded = Array.isArray(key) ? encodeTuple(key) : encodePart(key)
  if (encoded.length > options.keyHashedBytesMax.max)
    throw new SemelError('SEMEL_KEY_TOO_LONG', `the key has ${encoded.length} bytes`)
  if (encoded.length <= options.keyBytesMax.max) return { key: encoded, readable: undefined }
  return { key: digestKey('hashed', encoded), readable: `${readablePart(encoded).slice(0, 80)}…` }
}

/** The key of something that has none: a digest under a kind of its own. */
export function digestKey(
  kind: 'hashed' | 'mismatched' | 'raw',
  ...parts: readonly Bytes[]
): Bytes {
  return concat([Uint8Array.of(keyKinds[kind]), sha256(...parts)])
}

/** A stored key as people read it: `order-paid/A-17`. For display only, never to compare. */
export function readableKey(key: Bytes, readable?: string): string {
  if (readable !== undefined) return readable
  if (key[0] === keyKinds.tuple) return decompose(key.subarray(1)).map(readablePart).join('/')
  return readablePart(key)
}

function encodeTuple(parts: readonly unknown[]): Bytes {
  if (parts.length === 0) throw invalid('an empty tuple')
  if (parts.length === 1) return encodePart(parts[0])
  // map() would pass over a hole, and make ['a', , 'b'] the same as ['a', 'b'].
  const encoded = Array.from(parts, encodePart)
  return concat([Uint8Array.of(keyKinds.tuple), compose(encoded)])
}

/** The byte of its kind, as a character. */
const textMark = String.fromCharCode(keyKinds.text)

function encodePart(part: unknown): Bytes {
  if (part instanceof Uint8Array) return concat([Uint8Array.of(keyKinds.bytes), part])
  return new Uint8Array(Buffer.from(textMark + textPart(part), 'utf8'))
}

function textPart(part: unknown): string {
  if (typeof part === 'string') {
    if (part === '') throw new SemelError('SEMEL_KEY_MISSING', 'the key is an empty string')
    if (!part.isWellFormed()) throw invalid('a string with a lone surrogate')
    return part
  }
  if (typeof part === 'bigint') return part.toString()
  if (typeof part === 'number') {
    if (Number.isSafeInteger(part)) return String(part)
    throw invalid(Number.isInteger(part) ? `${part}, which is beyond 2^53` : `the number ${part}`)
  }
  if (part === undefined || part === null)
    throw new SemelError('SEMEL_KEY_MISSING', `the key is ${String(part)}`)
  hush(part)
  throw invalid(part instanceof Promise ? 'a promise' : `a value of type ${typeof part}`)
}

function readablePart(part: Bytes): string {
  const rest = part.subarray(1)
  return part[0] === keyKinds.text ? (textOf(rest) ?? hex(rest)) : `0x${hex(rest)}`
}

function invalid(what: string): SemelError {
  return new SemelError(
    'SEMEL_KEY_INVALID',
    `the key is ${what}; allowed are well-formed strings, safe integers, bigints, bytes, and tuples of these`,
  )
}
