import type { Identity } from '../inbox/identity.ts'
import type { Inspector, RecordFilter } from '../inbox/inspector.ts'
import type { RecordView } from '../inbox/record.ts'
import type { Store } from '../inbox/store.ts'
import { isGuard, isNameMark } from './marks.ts'
import type { Places } from './places.ts'
import { eachOf, type Shards, storeOf } from './spread.ts'

/** An operator sees all shards as one, and finds a record wherever it is: also where no map would look for it. */
export function shardedInspector(shards: Shards, places: Places): Inspector {
  async function whereIs(identity: Identity): Promise<Store> {
    const [found] = await places.find([identity])
    const here = storeOf(shards, found?.shard ?? places.of(identity))
    if (found?.record !== undefined) return here
    for (const store of shards.values()) {
      const [record] = await store.leases.read([identity])
      if (record !== undefined && !isGuard(record)) return store
    }
    return here
  }
  return {
    async list(filter) {
      const { limit, offset = 0 } = filter
      const lists = await eachOf(shards, (store) => shownOf(store, filter, offset + limit))
      return lists
        .flat()
        .sort((a, b) => b.changedMs - a.changedMs)
        .slice(offset, offset + limit)
    },
    async count(group) {
      const counts = (await eachOf(shards, ({ inspector }) => inspector.count(group))).flat()
      const shown = counts.filter((one) => !isNameMark(one))
      const name = (one: (typeof shown)[number]): string =>
        `${Buffer.from(one.scope).toString('latin1')} ${one.state}`
      return [...Map.groupBy(shown, name).values()].map((some) => {
        const records = some.reduce((all, one) => all + one.records, 0)
        return { ...(some[0] as (typeof some)[number]), records }
      })
    },
    show: async (identity) => (await whereIs(identity)).inspector.show(identity),
    act: async (identity, act) => (await whereIs(identity)).inspector.act(identity, act),
    async prune(limit) {
      let pruned = 0
      for (const { inspector } of shards.values())
        if (pruned < limit) pruned += await inspector.prune(limit - pruned)
      return pruned
    },
  }
}

/** The first ones of a shard, without records of ours: a page that is cut short would be taken for the last. */
async function shownOf(
  { inspector }: Store,
  filter: RecordFilter,
  wanted: number,
): Promise<readonly RecordView[]> {
  const shown: RecordView[] = []
  const limit = Math.max(wanted, 1)
  for (let offset = 0; ; offset += limit) {
    const page = await inspector.list({ ...filter, limit, offset })
    shown.push(...page.filter((one) => !isNameMark(one) && !isGuard(one)))
    if (page.length < limit || shown.length >= wanted) return shown.slice(0, wanted)
  }
}
