export { type ShardedOptions, sharded, type ShardStores, type TransactionOf } from './sharded.ts'
export type { ShardKey, ShardKeyPart, ShardMap } from './shard-map.ts'
