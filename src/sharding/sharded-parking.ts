import { SemelError } from '../errors/semel-error.ts'
import { hex } from '../inbox/bytes.ts'
import { readableKey } from '../inbox/key.ts'
import type { DueMessage, Parking, ParkingUsage } from '../inbox/store.ts'
import type { Places } from './places.ts'
import { type Shards, whoeverAnswers } from './spread.ts'

export function shardedParking(shards: Shards, places: Places): Parking {
  const last = new Map<string, ParkingUsage>()
  return {
    async due(origin, limit) {
      const lists = await whoeverAnswers(shards, ({ parking }) => parking.due(origin, limit))
      for (const [name, list] of lists) for (const one of list) refuseStray(one, name, places)
      return merged([...lists.values()]).slice(0, limit)
    },
    async usage(group) {
      const answered = await whoeverAnswers(shards, ({ parking }) => parking.usage(group))
      const all = [...shards.keys()].map((name) => {
        const known = `${name} ${group}`
        // A shard that is away still has what it had.
        const usage = answered.get(name) ?? last.get(known) ?? nothing
        last.set(known, usage)
        return usage
      })
      return all.reduce(sum, nothing)
    },
  }
}

const nothing: ParkingUsage = { messages: 0, bytes: 0, dead: 0, perLane: 0 }

function sum(one: ParkingUsage, other: ParkingUsage): ParkingUsage {
  return {
    messages: one.messages + other.messages,
    bytes: one.bytes + other.bytes,
    dead: one.dead + other.dead,
    perLane: Math.max(one.perLane, other.perLane),
  }
}

/** Nobody would ever claim it: a claim goes to the shard of its key. */
function refuseStray(one: DueMessage, shard: string, places: Places): void {
  if (places.mayBeIn(shard, one)) return
  const key = readableKey(one.key, one.readable)
  throw new SemelError(
    'SEMEL_SHARD_WRONG',
    `shard ${shard} keeps a parked message of key ${key}, which belongs to shard ${places.of(one)}: give the map by which it was placed as before`,
  )
}

/** The longest waiting first; what stands behind another one in its lane stays directly behind it. */
function merged(lists: readonly (readonly DueMessage[])[]): readonly DueMessage[] {
  const chains = lists.map(chainsOf)
  const all: DueMessage[] = []
  for (;;) {
    const [longest] = chains
      .filter(([chain]) => chain !== undefined)
      .sort((a, b) => waitedMs(b) - waitedMs(a))
    const chain = longest?.shift()
    if (chain === undefined) return all
    all.push(...chain)
  }
}

function waitedMs([chain]: readonly (readonly DueMessage[])[]): number {
  return chain?.[0]?.waitedMs ?? 0
}

function chainsOf(list: readonly DueMessage[]): DueMessage[][] {
  const chains: DueMessage[][] = []
  let lane: string | undefined
  for (const one of list) {
    const own = one.lane && hex(one.lane)
    if (own !== undefined && own === lane) chains.at(-1)?.push(one)
    else chains.push([one])
    lane = own
  }
  return chains
}
