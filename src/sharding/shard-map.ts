import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, decompose, textOf } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import { keyKinds, readableKey } from '../inbox/key.ts'

/** A number is its decimal string, as everywhere in keys. */
export type ShardKeyPart = string | Uint8Array

/** An idempotency key as it is stored: one part, or those of a tuple. */
export type ShardKey = readonly [ShardKeyPart, ...ShardKeyPart[]]

/** Which key belongs to which shard. */
export interface ShardMap<Name extends string = string> {
  /** Of the key alone, and always the same: everybody who meets the key asks, also years later. */
  readonly by: (key: ShardKey) => Name
  /** All that `by` can answer. Keys of which only a digest is stored are spread over them. */
  readonly shards: readonly Name[]
}

/** @throws SEMEL_SHARD_UNKNOWN */
export function shardIn({ by, shards }: ShardMap, { key, readable }: Identity): string {
  const parts = partsOf(key)
  if (parts === undefined) return ofDigest(key, shards)
  const name: unknown = asked(by, parts)
  if (shards.includes(name as string)) return name as string
  const text = typeof name === 'string' ? JSON.stringify(name) : String(name)
  throw new SemelError(
    'SEMEL_SHARD_UNKNOWN',
    `by() answers ${text} for key ${readableKey(key, readable)}; the shards are ${shards.join(', ')}`,
  )
}

function asked(by: ShardMap['by'], parts: ShardKey): unknown {
  try {
    return by(parts)
  } catch (cause) {
    throw new SemelError('SEMEL_SHARD_UNKNOWN', 'by() has thrown', { cause })
  }
}

/** Undefined: the bytes are a digest, and nobody knows the key any more. */
function partsOf(key: Bytes): ShardKey | undefined {
  const rest = key.subarray(1)
  if (key[0] === keyKinds.tuple) return decompose(rest).map(partOf) as unknown as ShardKey
  return key[0] === keyKinds.text || key[0] === keyKinds.bytes ? [partOf(key)] : undefined
}

function partOf(part: Bytes): ShardKeyPart {
  const rest = part.subarray(1)
  return part[0] === keyKinds.text ? (textOf(rest) ?? rest.slice()) : rest.slice()
}

/** Names in their own order: two configurations that list them differently agree. */
function ofDigest(key: Bytes, shards: readonly string[]): string {
  const digest = new DataView(key.buffer, key.byteOffset, key.byteLength).getUint32(1)
  return shards.toSorted()[digest % shards.length] as string
}
