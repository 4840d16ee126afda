import { setTimeout as pause } from 'node:timers/promises'
import { SemelError } from '../errors/semel-error.ts'
import type { Claim, ClaimRequest, ClaimTerms, NewRecord } from '../inbox/claim.ts'
import type { Lease } from '../inbox/record.ts'
import type { Leases, Placed, Renewal } from '../inbox/store.ts'
import { isGuardClaim, movedAway } from './marks.ts'
import type { Places } from './places.ts'
import { type Shards, spread, storeOf } from './spread.ts'

/** Which shard granted a lease. */
export interface GrantedIn {
  note(lease: Lease, shard: string): void
  shardOf(lease: Lease): Promise<string>
}

export function grantedIn(places: Places): GrantedIn {
  const known = new WeakMap<Lease, string>()
  return {
    note: (lease, shard) => known.set(lease, shard),
    async shardOf(lease) {
      const [found] = known.has(lease) ? [] : await places.find([lease])
      return known.get(lease) ?? found?.shard ?? places.of(lease)
    },
  }
}

const tries = 8

export function shardedLeases(shards: Shards, places: Places, granted: GrantedIn): Leases {
  async function claim(
    requests: readonly ClaimRequest[],
    terms: ClaimTerms,
    attempt = 1,
  ): Promise<readonly Claim[]> {
    const names = await places.home(requests)
    const claims = await spread(requests, names, (name, some) =>
      storeOf(shards, name).leases.claim(some, terms),
    )
    for (const [at, one] of claims.entries())
      if (one.kind === 'granted') granted.note(one.lease, names[at] as string)
    const late = requests.filter((_, at) => isGuardClaim(claims[at]))
    if (late.length === 0) return claims
    for (const one of late) refuseMoved(one, places)
    if (attempt === tries)
      throw new SemelError('SEMEL_STORE_CONTENDED', 'a key that moves was changed all the time')
    // Guarded between our look and our claim: now it is known where it is.
    const again = await claim(late, terms, attempt + 1)
    const answers = again.values()
    return claims.map((one) => (isGuardClaim(one) ? (answers.next().value as Claim) : one))
  }

  return {
    claim,
    async renew(leases, leaseMs) {
      const names = await Promise.all(leases.map(granted.shardOf))
      return spread(leases, names, (name, some) =>
        inTime(storeOf(shards, name).leases.renew(some, leaseMs), some, leaseMs),
      )
    },
    settle: async (lease, outcome) =>
      storeOf(shards, await granted.shardOf(lease)).leases.settle(lease, outcome),
    async bury(identity, token, outcome) {
      const [found] = await places.find([identity])
      const { leases } = storeOf(shards, found?.shard ?? places.of(identity))
      return leases.bury(identity, token, outcome)
    },
    release: async (lease) => storeOf(shards, await granted.shardOf(lease)).leases.release(lease),
    async insert(records) {
      const names = await places.home(records.map(placedOf))
      return spread(records, names, (name, some) => storeOf(shards, name).leases.insert(some))
    },
    read: async (identities) => (await places.find(identities)).map(({ record }) => record),
  }
}

export function placedOf(record: NewRecord): Placed {
  const { scope, key, readable, outcome } = record
  const lane = 'message' in outcome ? outcome.message?.lane : undefined
  return { scope, key, readable, lane }
}

/** @throws SEMEL_SHARD_MOVED */
function refuseMoved(request: ClaimRequest, places: Places): void {
  if (places.moving(request) === undefined) throw movedAway(request, places.of(request))
}

/** No shard answers faster under load. */
const renewalMsMin = 500

/** A shard that is away, or hangs, must not cost the others their leases. */
async function inTime(
  renewing: Promise<readonly Renewal[]>,
  leases: readonly Lease[],
  leaseMs: number,
): Promise<readonly Renewal[]> {
  const unknown = leases.map((): Renewal => 'unknown')
  const timer = new AbortController()
  try {
    const late = pause(Math.max(leaseMs / 6, renewalMsMin), unknown, {
      signal: timer.signal,
    }).catch(() => unknown)
    return await Promise.race([renewing.catch(() => unknown), late])
  } finally {
    timer.abort()
  }
}
