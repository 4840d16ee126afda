import { SemelError } from '../errors/semel-error.ts'
import type { Identity } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import type { RecordView } from '../inbox/record.ts'
import type { OpenTransaction, Store, Transactions } from '../inbox/store.ts'
import { isGuard, movedAway } from './marks.ts'
import type { Places } from './places.ts'
import type { GrantedIn } from './sharded-leases.ts'
import type { Shards } from './spread.ts'

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
