import { SemelError } from '../errors/semel-error.ts'
import type { Guards, TableShape } from '../inbox/guards.ts'
import type { Store } from '../inbox/store.ts'
import type { Transacting } from './on-shard.ts'
import { type Shards, storeOf } from './spread.ts'

/** Rows of the user's, on the shard of the transaction. Undefined where a shard cannot guard any. */
export function shardedRows(shards: Shards, known: Transacting): Guards | undefined {
  const stores = [...shards.values()]
  if (stores.some(({ guards }) => guards === undefined)) return undefined

  function guardsFor(tx: unknown): Guards {
    const [name] = known.shardsOf(tx)
    const store = name === undefined ? stores.find((one) => joins(one, tx)) : storeOf(shards, name)
    if (store?.guards !== undefined) return store.guards
    throw new SemelError('SEMEL_SHARD_WRONG', 'the transaction is on none of the shards')
  }
  return {
    insert: async (tx, table, row, unique) => guardsFor(tx).insert(tx, table, row, unique),
    update: async (tx, table, change) => guardsFor(tx).update(tx, table, change),
    find: async (tx, table, question) => guardsFor(tx).find(tx, table, question),
    async shape(table, tx) {
      if (tx !== undefined) return guardsFor(tx).shape(table, tx)
      const shapes = await Promise.all(stores.map(async ({ guards }) => guards?.shape(table)))
      return shapes.reduce(common)
    },
  }
}

function joins({ transactions }: Store, tx: unknown): boolean {
  try {
    return transactions?.join(tx) !== undefined
  } catch {
    return false
  }
}

/** What holds of a table on every shard. */
function common(
  one: TableShape | undefined,
  other: TableShape | undefined,
): TableShape | undefined {
  if (one === undefined || other === undefined) return undefined
  const names = (columns: readonly string[]): string => JSON.stringify(columns.toSorted())
  const indexes = new Set(other.unique.map(names))
  return {
    columns: one.columns.filter((column) => other.columns.includes(column)),
    unique: one.unique.filter((columns) => indexes.has(names(columns))),
  }
}
