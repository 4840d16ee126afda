import { SemelError } from '../errors/semel-error.ts'
import type { Claim, NewRecord } from '../inbox/claim.ts'
import { noFingerprint } from '../inbox/fingerprint.ts'
import { encodeScope, type Identity, identityOf } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import type { RecordView } from '../inbox/record.ts'
import { options } from '../options/table.ts'

/** Records of ours that nobody else is shown. No group of a user's has a keyspace of this name. */
const scope = encodeScope({ group: 'semel', keyspace: 'semel:shard' })
const scopeName = Buffer.from(scope).toString('latin1')

/** No JSON text: no result of a user's is this. */
const moved = 'semel:moved'

const centuryMs = 100 * 365 * 24 * 3_600_000

/** Stands in a shard and says its name: two databases that were swapped are noticed. */
export function nameMark(name: string): NewRecord {
  return {
    ...identityOf(scope, name),
    fingerprint: noFingerprint,
    outcome: { state: 'completed', result: undefined, keepMs: centuryMs },
  }
}

export function isNameMark({ scope: other }: Pick<Identity, 'scope'>): boolean {
  return Buffer.from(other).toString('latin1') === scopeName
}

/**
 * Stands in the shard to which a key belonged before, and says that it belongs to its new one. It is written before
 * the key is begun there, under the same unique key as a record: so nobody begins it here any more.
 */
export function guardOf({ scope: own, key, readable }: Identity): NewRecord {
  const keepMs = options.retentionMs.default
  const outcome = { state: 'completed', result: moved, keepMs } as const
  return { scope: own, key, readable, fingerprint: noFingerprint, outcome }
}

export function isGuard(record: RecordView | undefined): boolean {
  return record?.state === 'completed' && record.result === moved
}

export function isGuardClaim(claim: Claim | undefined): boolean {
  return claim?.kind === 'completed' && claim.result === moved
}

/** What a guard means to somebody who does not know the new map: stop, and lose nothing. */
export function movedAway({ key, readable }: Identity, shard: string): SemelError {
  return new SemelError(
    'SEMEL_SHARD_MOVED',
    `key ${readableKey(key, readable)} was moved away from shard ${shard}, and this process does not know where`,
  )
}
