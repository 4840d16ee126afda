import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, compose, concat, decompose, hex, latin1, textOf, utf8 } from './bytes.ts'

import { digestKey, type EncodedKey, encodeKey, type Key } from './key.ts'

/** What a key is unique in (P1). Two consumer groups never meet. */
export interface Scope {
  readonly group: string
  /** Default: none. */
  readonly tenant?: string | undefined
  /** Default: the topic to which the message was first sent; the `name` in `semel()`. */
  readonly keyspace: string
  /** For broadcast: the stable name of one instance, each of which gets every message. */
  readonly instance?: string | undefined
}

/** One key of one scope, as it is stored. */
export interface Identity {
  readonly scope: Bytes
  readonly key: Bytes
  /** Kept where the key is a digest; else it is read off the key. */
  readonly readable?: string | undefined
}

export function identityOf(scope: Bytes, key: Key | undefined): Identity {
  return identified(scope, encodeKey(key))
}

/** P3: another fingerprint under a known key. */
export function mismatchedIdentity(identity: Identity, fingerprint: Bytes): Identity {
  return {
    scope: identity.scope,
    key: digestKey('mismatched', compose([identity.key, fingerprint])),
    readable: undefined,
  }
}

/**
 * P3 and P18: a message that has no usable key, or that is not decoded yet. Of everything that a key can be taken
 * from, so that no two messages with different keys are one here; a redelivery has all of it again.
 */
export function rawIdentity(scope: Bytes, message: RawMessage): Identity {
  const { topic, id, tag = '', key = '', headers, body } = message
  const named = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const parts = [topic, id, tag, key, ...named.flat()].map(utf8)
  return { scope, key: digestKey('raw', compose([compose(parts), body])), readable: undefined }
}

interface RawMessage {
  readonly topic: string
  readonly id: string
  readonly tag: string | undefined
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: Bytes
}

/** The group first, so that all records of a group stand together. */
export function encodeScope(scope: Scope): Bytes {
  const { group, tenant = '', keyspace, instance = '' } = scope
  for (const [name, value] of Object.entries({ group, tenant, keyspace, instance }))
    checkName(name, value)
  return compose([group, tenant, keyspace, instance].map(utf8))
}

export function decodeScope(bytes: Bytes): Scope {
  const [group = '', tenant = '', keyspace = '', instance = ''] = decompose(bytes).map(readableName)
  return { group, keyspace, tenant: tenant || undefined, instance: instance || undefined }
}

/** The bytes with which every scope of a group begins, and the first bytes after all of them. */
export function groupRange(group: string): { readonly from: Bytes; readonly below: Bytes } {
  const from = compose([utf8(group)])
  const below = concat([from, new Uint8Array(8).fill(0xff)])
  return { from, below }
}

/** Whose consumers take a parked message: those of its group, topic and, if broadcast, instance (P22). */
export interface Origin {
  readonly group: string
  readonly topic: string
  readonly instance?: string | undefined
}

export function encodeOrigin({ group, topic, instance = '' }: Origin): Bytes {
  return compose([group, topic, instance].map(utf8))
}

/** P23: messages that keep their order. All lanes of an origin stand together. */
export function encodeLane(origin: Bytes, tenant: string | undefined, value: Key): Bytes {
  return concat([origin, compose([utf8(tenant ?? ''), encodeKey(value).key])])
}

/** The bytes with which every lane of an origin begins, and the first bytes after all of them. */
export function lanesOf(origin: Bytes): { readonly from: Bytes; readonly below: Bytes } {
  return { from: origin, below: concat([origin, new Uint8Array(8).fill(0xff)]) }
}

/** One string per identity, for maps in process. A scope says itself where it ends. */
export function identityName({ scope, key }: Identity): string {
  return latin1(scope) + latin1(key)
}

function identified(scope: Bytes, { key, readable }: EncodedKey): Identity {
  return { scope, key, readable }
}

function checkName(name: string, value: string): void {
  if (typeof value !== 'string' || !value.isWellFormed() || value.length > 200)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `${name} is ${JSON.stringify(value)}; it must be a well-formed string of at most 200 characters`,
    )
}

function readableName(bytes: Bytes): string {
  return textOf(bytes) ?? hex(bytes)
}
