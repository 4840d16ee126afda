import type { Identity } from '../inbox/identity.ts'
import type { Lease } from '../inbox/record.ts'
import type { Transactions } from '../inbox/store.ts'
import { joinedTransaction } from './joined.ts'
import { onShard, type Transacted, transactionsOf } from './on-shard.ts'
import { storeOf } from './spread.ts'

/** A transaction is on one shard: that of the key for which it is opened; without one, the first. */
export function shardedTransactions<Tx>(on: Transacted<Tx>): Transactions<Tx> {
  const { shards, places, granted } = on
  const [first] = shards.keys()
  async function shardFor(of: Identity | undefined): Promise<string> {
    if (of === undefined) return first as string
    if ('claimId' in of) return granted.shardOf(of as Lease)
    const [name] = await places.home([of])
    return name as string
  }
  return {
    async open(work, terms) {
      const shard = terms?.shard ?? (await shardFor(terms?.of))
      const { open } = transactionsOf(storeOf(shards, shard))
      return open((transaction) => work(onShard(transaction, shard, on)), terms)
    },
    join: (tx, of) => joinedTransaction(tx, of, on),
  }
}
