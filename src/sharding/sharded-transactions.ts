import { SemelError } from '../errors/semel-error.ts'
import type { Identity } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import type { Lease, RecordView } from '../inbox/record.ts'
import type { OpenTransaction, Store, Transactions } from '../inbox/store.ts'
import { joinedTransaction } from './joined.ts'
import { isGuard, movedAway } from './marks.ts'
import type { Places } from './places.ts'
import type { GrantedIn } from './sharded-leases.ts'
import { type Shards, storeOf } from './spread.ts'

/** On which shards a transaction object is, for as long as somebody holds it; several are schemas of one database. */
export interface Transacting {
  note(tx: unknown, shard: string): void
  shardsOf(tx: unknown): ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

export function transacting(): Transacting {
  const known = new WeakMap<object, Set<string>>()
  return {
    note: (tx, shard) =>
      void known.set(tx as object, (known.get(tx as object) ?? new Set()).add(shard)),
    shardsOf: (tx) => (Object(tx) === tx ? known.get(tx as object) : undefined) ?? none,
  }
}

/** What transactions over several shards are made of. */
export interface Transacted<Tx> {
  readonly shards: Shards<Tx>
  readonly places: Places
  readonly granted: GrantedIn
  readonly known: Transacting
}

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

export function transactionsOf<Tx>({ transactions, name }: Store<Tx>): Transactions<Tx> {
  if (transactions !== undefined) return transactions
  throw new SemelError('SEMEL_TRANSACTIONS_MISSING', `the ${name} store has no transactions`)
}

/** The same transaction, with whom it is about: nothing goes in that belongs elsewhere, and no guard is shown. */
export function onShard<Tx>(
  transaction: OpenTransaction<Tx>,
  shard: string,
  { places, known }: Pick<Transacted<Tx>, 'places' | 'known'>,
): OpenTransaction<Tx> {
  return {
    ...transaction,
    forHandler() {
      const handler = transaction.forHandler()
      known.note(handler.tx, shard)
      return handler
    },
    async insert(records) {
      for (const record of records) if (!places.mayBeIn(shard, record)) throw wrong(record, shard)
      return transaction.insert(records)
    },
    async read(identities) {
      const records = await transaction.read(identities)
      return records.map((record, at) => shown(record, identities[at] as Identity, shard, places))
    },
  }
}

/** A guard is no record of this shard: whoever asks again is told where it is. */
function shown(
  record: RecordView | undefined,
  identity: Identity,
  shard: string,
  places: Places,
): RecordView | undefined {
  if (!isGuard(record)) return record
  if (places.moving(identity)?.from === shard) return undefined
  throw movedAway(identity, shard)
}

export function wrong({ key, readable }: Identity, shard: string): SemelError {
  return new SemelError(
    'SEMEL_SHARD_WRONG',
    `key ${readableKey(key, readable)} does not belong to shard ${shard}, on which the transaction is`,
  )
}
