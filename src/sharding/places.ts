import { SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { RecordView } from '../inbox/record.ts'
import type { Placed } from '../inbox/store.ts'
import { laneWatch } from './lanes.ts'
import { guardOf, isGuard, movedAway } from './marks.ts'
import { shardIn, type ShardMap } from './shard-map.ts'
import { type Shards, spread, storeOf } from './spread.ts'

/** The maps between which keys move; `both` may be in force at once. */
export interface Maps {
  /** In force in this process. */
  readonly map: ShardMap
  /** Undefined: nothing moves. */
  readonly move: { readonly from: ShardMap; readonly to: ShardMap } | undefined
}

/** Where a key is, and what stands there. */
export interface Found {
  readonly shard: string
  readonly record: RecordView | undefined
}

export interface Places {
  /** By the map in force. */
  of(identity: Identity): string
  /** Whether a record of this key may stand in this shard. */
  mayBeIn(shard: string, identity: Identity): boolean
  /** Whether the key moves from one shard to another, and which. */
  moving(identity: Identity): { readonly from: string; readonly to: string } | undefined
  /** Whether a key that nobody knows is begun in its new shard. */
  readonly prefersNew: boolean
  /**
   * Where each key is to be begun, or is known. What is known in its old shard stays there; what is to be begun in its
   * new one is guarded in its old one first, with a commit of its own.
   */
  home(asked: readonly Placed[]): Promise<readonly string[]>
  /** Where each is known; else where it would be. Writes nothing. */
  find(identities: readonly Identity[]): Promise<readonly Found[]>
}

const tries = 8

export function placesOf(shards: Shards, { map, move }: Maps): Places {
  const watch = laneWatch()
  const prefersNew = move === undefined || move.to === map
  const of = (identity: Identity): string => shardIn(map, identity)

  function moving(identity: Identity): ReturnType<Places['moving']> {
    if (move === undefined) return undefined
    const from = shardIn(move.from, identity)
    const to = shardIn(move.to, identity)
    return from === to ? undefined : { from, to }
  }
  function readOld(identities: readonly Identity[]): Promise<readonly (RecordView | undefined)[]> {
    const names = identities.map((one) => moving(one)?.from ?? of(one))
    return spread(identities, names, (name, some) => storeOf(shards, name).leases.read(some))
  }
  /** Undefined: nobody knows it yet. */
  async function known(asked: readonly Placed[]): Promise<readonly (string | undefined)[]> {
    const records = await readOld(asked)
    return asked.map((one, at) => {
      const record = records[at]
      if (record === undefined) return undefined
      const { from, to } = moving(one) ?? { from: of(one), to: of(one) }
      return isGuard(record) ? to : from
    })
  }
  /** What keeps its order follows what is parked before it, wherever that is. */
  async function followsOther(one: Placed): Promise<boolean> {
    const { from, to } = moving(one) ?? {}
    const other = prefersNew ? from : to
    return one.lane !== undefined && other !== undefined && isParkedIn(shards, other, one.lane)
  }
  /** Of keys that their old shard does not know. A guard may have been forgotten before its record. */
  async function begunNew(asked: readonly Placed[]): Promise<readonly boolean[]> {
    const follows = await Promise.all(asked.map(followsOther))
    if (prefersNew) return follows.map((isOther) => !isOther)
    const names = asked.map((one) => moving(one)?.to as string)
    const records = await spread(asked, names, (name, some) =>
      storeOf(shards, name).leases.read(some),
    )
    return follows.map((isOther, at) => isOther || records[at] !== undefined)
  }
  /** Answers of each whether it is begun in its new shard; undefined: somebody was faster, look again. */
  async function begin(asked: readonly Placed[]): Promise<readonly (string | undefined)[]> {
    const isNewHome = await begunNew(asked)
    const guarded = asked.filter((_, at) => isNewHome[at])
    const names = guarded.map((one) => moving(one)?.from as string)
    const isNew = await spread(guarded, names, (name, some) =>
      storeOf(shards, name).leases.insert(some.map(guardOf)),
    )
    const done = new Set(guarded.filter((_, at) => isNew[at]))
    return asked.map((one, at) => {
      const { from, to } = moving(one) ?? {}
      if (isNewHome[at] !== true) return from
      return done.has(one) ? to : undefined
    })
  }
  /** Keys that move. */
  async function homeOfMoving(asked: readonly Placed[], attempt = 1): Promise<readonly string[]> {
    const names = [...(await known(asked))]
    const absent = asked.filter((_, at) => names[at] === undefined)
    if (absent.length > 0) {
      const begun = new Map(zip(absent, await begin(absent)))
      for (const [at, one] of asked.entries()) names[at] ??= begun.get(one)
    }
    const late = asked.filter((_, at) => names[at] === undefined)
    if (late.length === 0) return names as string[]
    if (attempt === tries)
      throw new SemelError('SEMEL_STORE_CONTENDED', 'a key that moves was changed all the time')
    const again = new Map(zip(late, await homeOfMoving(late, attempt + 1)))
    return asked.map((one, at) => names[at] ?? (again.get(one) as string))
  }

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
      if (move === undefined) return names
      const some = asked.filter((one) => moving(one) !== undefined)
      if (some.length === 0) return names
      const homes = new Map(zip(some, await homeOfMoving(some)))
      return asked.map((one, at) => homes.get(one) ?? (names[at] as string))
    },
    async find(identities) {
      const records = await readOld(identities)
      const names = identities.map((one) => moving(one)?.from ?? of(one))
      const found = identities.map((one, at): Found | undefined => {
        const shard = names[at] as string
        const record = records[at]
        if (moving(one) === undefined && isGuard(record)) throw movedAway(one, shard)
        if (moving(one) === undefined) return { shard, record }
        return record === undefined || isGuard(record) ? undefined : { shard, record }
      })
      const rest = identities.filter((_, at) => found[at] === undefined)
      const there = rest.map((one) => moving(one)?.to as string)
      const late = await spread(rest, there, (name, some) =>
        storeOf(shards, name).leases.read(some),
      )
      const elsewhere = new Map(
        rest.map((one, at): [Identity, Found] => {
          const shard = late[at] === undefined ? of(one) : (there[at] as string)
          return [one, { shard, record: late[at] }]
        }),
      )
      return identities.map((one, at) => found[at] ?? (elsewhere.get(one) as Found))
    },
  }
}

/** @throws SEMEL_TRANSACTIONS_MISSING */
async function isParkedIn(shards: Shards, name: string, lane: Bytes): Promise<boolean> {
  const { transactions, name: store } = storeOf(shards, name)
  if (transactions === undefined)
    throw new SemelError(
      'SEMEL_TRANSACTIONS_MISSING',
      `the ${store} store cannot keep an order while keys move between shards`,
    )
  const [isParked] = await transactions.open(({ parkedIn }) => parkedIn([lane]))
  return isParked === true
}

function zip<A, B>(some: readonly A[], others: readonly B[]): (readonly [A, B])[] {
  return some.map((one, at) => [one, others[at] as B])
}
