import type { Bytes } from '../inbox/bytes.ts'
import { compose, concat, decompose, textOf, utf8 } from '../inbox/bytes.ts'
import { decodeScope, type Identity } from '../inbox/identity.ts'
import { buffer } from './client.ts'

/**
 * What every name of a group begins with. The braces make a cluster keep all of a group on one server; nothing that
 * is said in a group's name can end them.
 */
export function baseOf(prefix: string, group: string): string {
  return `${prefix}{${encodeURIComponent(group) || '%'}}:`
}

/** Where a record stands: its group, and its scope and key without the group. */
export interface Place {
  readonly group: string
  /** The scope without its group. */
  readonly scope: Buffer
  readonly id: Buffer
}

export function placeOf({ scope, key }: Identity): Place {
  const { group } = decodeScope(scope)
  const rest = buffer(scope).subarray(groupBytes(group).length)
  return { group, scope: rest, id: Buffer.concat([rest, key]) }
}

/** The group of what parked messages belong to: its first part. */
export function groupOf(origin: Bytes): string {
  return textOf(decompose(origin)[0] ?? new Uint8Array()) ?? ''
}

/** Of an id within a group. */
export function identityAt(group: string, id: Buffer): Identity {
  const end = scopeEnd(id)
  return { scope: scopeOf(group, id.subarray(0, end)), key: new Uint8Array(id.subarray(end)) }
}

export function scopeOf(group: string, rest: Bytes): Bytes {
  return concat([groupBytes(group), rest])
}

function groupBytes(group: string): Bytes {
  return compose([utf8(group)])
}

/** A scope says itself where it ends: tenant, keyspace and instance, each after its length. What follows is anything. */
function scopeEnd(id: Buffer): number {
  let at = 0
  for (let part = 0; part < 3; part++) {
    let length = 0
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = id[at++] ?? 0
      length |= (byte & 0x7f) << shift
    }
    at += length
  }
  return at
}
