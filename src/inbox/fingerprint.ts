import canonicalize from 'canonicalize'
import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, equalBytes, sha256, utf8 } from './bytes.ts'
import type { JsonValue } from './json.ts'

/**
 * The first byte of a fingerprint: of what it is the digest (P2). Only fingerprints of one version are
 * compared, so that a consumer may change from one to another while old records are still kept.
 */
export const fingerprintVersions = { off: 0, body: 1, fields: 2, bytes: 3 } as const

/** Nothing is compared. */
export const noFingerprint: Bytes = Uint8Array.of(fingerprintVersions.off)

/** Of the body as received, before any schema. */
export function bodyFingerprint(body: Bytes): Bytes {
  return versioned('body', body)
}

/**
 * Of the fields that must not differ, in canonical form (RFC 8785); of bytes as they are.
 *
 * @throws SEMEL_OPTION_INVALID for what JSON cannot hold.
 */
export function fieldsFingerprint(fields: JsonValue | Uint8Array): Bytes {
  if (fields instanceof Uint8Array) return versioned('bytes', fields)
  return versioned('fields', utf8(canonical(fields)))
}

/** Whether two fingerprints name different content. */
export function differs(one: Bytes, other: Bytes): boolean {
  return one[0] === other[0] && !equalBytes(one, other)
}

/** A corrected body changes the fingerprint only where it is one of the body. */
export function correctedFingerprint(before: Bytes, body: Bytes): Bytes {
  return before[0] === fingerprintVersions.body ? bodyFingerprint(body) : before
}

function versioned(version: keyof typeof fingerprintVersions, content: Bytes): Bytes {
  const fingerprint = new Uint8Array(33)
  fingerprint[0] = fingerprintVersions[version]
  fingerprint.set(sha256(content), 1)
  return fingerprint
}

function canonical(fields: JsonValue): string {
  try {
    const text = canonicalize(withoutBigints(fields))
    if (text !== undefined) return text
  } catch (cause) {
    if (cause instanceof SemelError) throw cause
    throw new SemelError('SEMEL_OPTION_INVALID', 'a fingerprint must be plain JSON', { cause })
  }
  throw new SemelError('SEMEL_OPTION_INVALID', 'a fingerprint must be plain JSON, it is undefined')
}

/** RFC 8785 knows doubles only; a bigint goes in as a form that no other value has. */
function withoutBigints(value: JsonValue): unknown {
  if (typeof value === 'bigint') return { '~bigint': value.toString() }
  if (Array.isArray(value)) return value.map(withoutBigints)
  if (typeof value !== 'object' || value === null) return value
  refuseInstance(value)
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutBigints(member)]),
  )
}

/** Dates, maps and the like keep their content where nobody compares it: all of a class would be equal. */
function refuseInstance(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `a fingerprint must be plain JSON, it contains a ${value.constructor?.name ?? 'class'}`,
  )
}
