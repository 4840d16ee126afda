import type { Identity } from '../inbox/identity.ts'
import type { RecordView } from '../inbox/record.ts'
import { shardIn, type ShardMap } from './shard-map.ts'
import { type Shards, spread, storeOf } from './spread.ts'

/** The maps between which keys move; both may be in force at once. */
export interface Maps {
  /** In force in this process. */
  readonly map: ShardMap
  /** Undefined: nothing moves. */
  readonly move: { readonly from: ShardMap; readonly to: ShardMap } | undefined
}

export interface Moves {
  /** By the map in force. */
  of(identity: Identity): string
  /** From where to where the key moves; undefined: it stays. */
  moving(identity: Identity): { readonly from: string; readonly to: string } | undefined
  /** Whether a key that nobody knows is begun in its new shard. */
  readonly prefersNew: boolean
  /** What stands in the former shard of each, where all that know the key look first. */
  readOld(identities: readonly Identity[]): Promise<readonly (RecordView | undefined)[]>
}

export function movesOf(shards: Shards, { map, move }: Maps): Moves {
  const of = (identity: Identity): string => shardIn(map, identity)
  function moving(identity: Identity): ReturnType<Moves['moving']> {
    if (move === undefined) return undefined
    const from = shardIn(move.from, identity)
    const to = shardIn(move.to, identity)
    return from === to ? undefined : { from, to }
  }
  return {
    of,
    moving,
    prefersNew: move === undefined || move.to === map,
    readOld(identities) {
      const names = identities.map((one) => moving(one)?.from ?? of(one))
      return spread(identities, names, (name, some) => storeOf(shards, name).leases.read(some))
    },
  }
}
