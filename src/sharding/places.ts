import type { Identity } from '../inbox/identity.ts'
import type { RecordView } from '../inbox/record.ts'
import type { Placed } from '../inbox/store.ts'
import { homeOfMoving } from './home.ts'
import { laneWatch } from './lanes.ts'
import { isGuard, movedAway } from './marks.ts'
import { type Maps, type Moves, movesOf } from './moves.ts'
import { type Shards, spread, storeOf } from './spread.ts'

/** Where a key is, and what stands there. */
export interface Found {
  readonly shard: string
  readonly record: RecordView | undefined
}

/** Where keys are, also while they move. */
export interface Places extends Pick<Moves, 'of' | 'moving' | 'prefersNew'> {
  /** Whether a record of this key may stand in this shard. */
  mayBeIn(shard: string, identity: Identity): boolean
  /**
   * Where each key is to be begun, or is known. What is known in its former shard stays there; what is to be begun in
   * its new one is guarded in its former one first.
   */
  home(asked: readonly Placed[]): Promise<readonly string[]>
  /** Where each is known; else where it would be. Writes nothing. */
  find(identities: readonly Identity[]): Promise<readonly Found[]>
}

export function placesOf(shards: Shards, maps: Maps): Places {
  const watch = laneWatch()
  const moves = movesOf(shards, maps)
  const { of, moving, prefersNew } = moves
  return {
    of,
    moving,
    prefersNew,
    mayBeIn(shard, identity) {
      const { from, to } = moving(identity) ?? {}
      return shard === of(identity) || shard === from || shard === to
    },
    async home(asked) {
      const names = asked.map((one) => {
        const name = of(one)
        watch(one.lane, name)
        return name
      })
      const some = asked.filter((one) => moving(one) !== undefined)
      if (some.length === 0) return names
      const homes = await homeOfMoving(shards, moves, some)
      return asked.map((one, at) => homes.get(one) ?? (names[at] as string))
    },
    find: (identities) => find(shards, moves, identities),
  }
}

async function find(
  shards: Shards,
  moves: Moves,
  identities: readonly Identity[],
): Promise<readonly Found[]> {
  const records = await moves.readOld(identities)
  const found = identities.map((one, at) => inOld(one, records[at], moves))
  const rest = identities.filter((_, at) => found[at] === undefined)
  const there = rest.map((one) => moves.moving(one)?.to ?? moves.of(one))
  const late = await spread(rest, there, (name, some) => storeOf(shards, name).leases.read(some))
  const elsewhere = new Map(
    rest.map((one, at): [Identity, Found] => {
      const record = late[at]
      const shard = record === undefined ? moves.of(one) : (there[at] as string)
      return [one, { shard, record }]
    }),
  )
  return identities.map((one, at) => found[at] ?? (elsewhere.get(one) as Found))
}

/**
 * Undefined: if anybody knows it, then its new shard.
 *
 * @throws SEMEL_SHARD_MOVED
 */
function inOld(
  identity: Identity,
  record: RecordView | undefined,
  moves: Moves,
): Found | undefined {
  const { from } = moves.moving(identity) ?? {}
  const shard = from ?? moves.of(identity)
  if (from === undefined && isGuard(record)) throw movedAway(identity, shard)
  if (from === undefined) return { shard, record }
  return record === undefined || isGuard(record) ? undefined : { shard, record }
}
