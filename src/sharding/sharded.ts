import { SemelError } from '../errors/semel-error.ts'
import type { Store, StoreCapabilities } from '../inbox/store.ts'
import { nameMark } from './marks.ts'
import { type Places, placesOf } from './places.ts'
import { mapsOf } from './settings.ts'
import type { ShardKey, ShardMap } from './shard-map.ts'
import { shardedInspector } from './sharded-inspector.ts'
import { type GrantedIn, grantedIn, shardedLeases } from './sharded-leases.ts'
import { shardedParking } from './sharded-parking.ts'
import { shardedRows } from './sharded-rows.ts'
import { transacting } from './on-shard.ts'
import { shardedTransactions } from './sharded-transactions.ts'
import { eachOf, type Shards, storeOf } from './spread.ts'

/** One store for each shard, by a name that never changes. */
export type ShardStores = Readonly<Record<string, Store>>

/** What handlers get: the transaction object of whichever shard. */
export type TransactionOf<Stores extends ShardStores> =
  Stores[keyof Stores] extends Store<infer Tx> ? Tx : never

export interface ShardedOptions<Name extends string = string> {
  /** To which shard a key belongs: a function of the key alone, which answers the same everywhere and always. */
  readonly by: (key: ShardKey) => Name
  /** All that `by` can answer. Default: all stores. */
  readonly shards?: readonly Name[]
  /** The map in force until now: what its shards know stays there, what is new goes where `by` says. */
  readonly before?: ShardMap<Name>
  /** The map that others may be using already: what they have moved is found. */
  readonly next?: ShardMap<Name>
}

/**
 * One store over databases that share the data: record and effect of a key are in the shard of that key, in one commit.
 * `docs/sharding.md` says how keys move when there are more shards.
 *
 * @throws SEMEL_OPTION_UNKNOWN, SEMEL_OPTION_INVALID; each call SEMEL_SHARD_…
 * @example
 * const stores = { a: postgresStore(poolA), b: postgresStore(poolB) }
 * const store = sharded(stores, { by: ([order]) => (Number(order) % 2 === 0 ? 'a' : 'b') })
 */
export function sharded<const Stores extends ShardStores>(
  stores: Stores,
  options: ShardedOptions<keyof Stores & string>,
): Store<TransactionOf<Stores>> {
  type Tx = TransactionOf<Stores>
  const shards = new Map(Object.entries(stores)) as Shards<Tx>
  const all = [...shards.values()]
  const places = placesOf(shards, mapsOf([...shards.keys()], options))
  const granted = grantedIn(places)
  const known = transacting()
  const named = nameAll(shards)
  const transacts = all.every(({ transactions }) => transactions !== undefined)
  return {
    name: `sharded (${[...shards].map(([name, { name: store }]) => `${name}: ${store}`).join(', ')})`,
    capabilities: weakest(all),
    leases: shardedLeases(shards, places, granted),
    parking: shardedParking(shards, places),
    inspector: shardedInspector(shards, places),
    steps: shardedSteps(shards, places, granted),
    rates: all[0]?.rates,
    guards: shardedRows(shards, known),
    transactions: transacts
      ? shardedTransactions<Tx>({ shards, places, granted, known })
      : undefined,
    shards: { names: [...shards.keys()], of: places.of, home: places.home },
    get windows() {
      return windowsOf(shards)
    },
    medium: undefined,
    async prepare() {
      await eachOf(shards, (store) => store.prepare())
      await named()
    },
    async close() {
      const closed = await Promise.allSettled(all.map((store) => store.close()))
      for (const one of closed) if (one.status === 'rejected') throw one.reason
    },
  }
}

function shardedSteps(shards: Shards, places: Places, granted: GrantedIn): Store['steps'] {
  return {
    begin: async (lease, intent) =>
      storeOf(shards, await granted.shardOf(lease)).steps.begin(lease, intent),
    finish: async (lease, step, result) =>
      storeOf(shards, await granted.shardOf(lease)).steps.finish(lease, step, result),
    async read(identity) {
      const [found] = await places.find([identity])
      return storeOf(shards, found?.shard ?? places.of(identity)).steps.read(identity)
    },
  }
}

/** What holds of each holds of all. */
function weakest(stores: readonly Store[]): StoreCapabilities {
  const all = stores.map(({ capabilities }) => capabilities)
  return {
    batchMax: Math.min(...all.map(({ batchMax }) => batchMax)),
    concurrentTransactions: Math.min(
      ...all.map(({ concurrentTransactions }) => concurrentTransactions),
    ),
    durable: all.every(({ durable }) => durable),
    handlerMayWait: all.every(({ handlerMayWait }) => handlerMayWait),
    interleaves: all.every(({ interleaves }) => interleaves),
    timePrecisionMs: Math.max(...all.map(({ timePrecisionMs }) => timePrecisionMs)),
  }
}

function windowsOf(shards: Shards): readonly string[] {
  return [...shards].flatMap(([name, { windows, capabilities }]) =>
    (windows ?? (capabilities.durable ? [] : ['records end with this process'])).map(
      (window) => `shard ${name}: ${window}`,
    ),
  )
}

/**
 * Writes into each shard what its name is, once, and looks at it: stores that were swapped would take every message for
 * a new one.
 */
function nameAll(shards: Shards): () => Promise<void> {
  const names = [...shards.keys()]
  let done = false
  return async () => {
    if (done) return
    await eachOf(shards, async ({ leases }, name) => {
      const marks = await leases.read(names.map(nameMark))
      const other = names.find((one, at) => one !== name && marks[at] !== undefined)
      if (other !== undefined)
        throw new SemelError(
          'SEMEL_SHARD_WRONG',
          `the store of shard ${name} is on the database of shard ${other}`,
        )
      if (marks[names.indexOf(name)] === undefined) await leases.insert([nameMark(name)])
    })
    done = true
  }
}
