import type { ShardedOptions, ShardKey, ShardMap } from 'semel/sharding'

export const names = ['a', 'b', 'c'] as const
export type Name = (typeof names)[number]

/** Two shards, and then three: `k-3`, `k-6`, … move to the third. */
const numberOf = ([key]: ShardKey): number => Number(String(key).split('-')[1])
export const two = (key: ShardKey): Name => (numberOf(key) % 2 === 0 ? 'a' : 'b')
const more = (key: ShardKey): Name => (numberOf(key) % 3 === 0 ? 'c' : two(key))
const from: ShardMap<Name> = { by: two, shards: ['a', 'b'] }
export const to: ShardMap<Name> = { by: more, shards: ['a', 'b', 'c'] }

export type Step = 'former' | 'aware' | 'moving' | 'moved'

/** The steps of a move, in their order. */
export const steps: Readonly<Record<Step, ShardedOptions<Name>>> = {
  /** Before anything moves. */
  former: from,
  /** First everybody learns the new map. */
  aware: { ...from, next: to },
  /** Then everybody uses it. */
  moving: { ...to, before: from },
  /** In the end the former one is forgotten. */
  moved: to,
}
