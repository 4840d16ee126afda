import { type SemelCode, SemelError, type Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import type { ShardKey } from 'semel/sharding'
import type { Name } from './sharded-maps.ts'

export type MemoryShard = Store<MemoryTransaction>

export function three(): Record<Name, MemoryShard> {
  return { a: memoryStore(), b: memoryStore(), c: memoryStore() }
}

/** Keys are `a-1`, `b-17`: they begin with the name of their shard. */
export function byName([key]: ShardKey): Name {
  return String(key)[0] as Name
}

/** What handlers wrote with `ledger` of the kit, in one shard. */
export async function ledgerIn(store: MemoryShard): Promise<readonly string[]> {
  const rows = await store.transactions?.open(async (open) => {
    const { tx, end } = open.forHandler()
    const all = tx.all('ledger').map(([, row]) => String(row))
    end()
    return all
  })
  return rows ?? []
}

/** A shard that can be cut off: everything that is asked of it then fails. */
export function cuttable(store: MemoryShard): {
  readonly store: MemoryShard
  cut(code?: SemelCode): void
  mend(): void
} {
  let code: SemelCode | undefined
  const guarded = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...given: readonly unknown[]) => {
          if (code !== undefined) throw new SemelError(code, 'cut off on purpose')
          return member.call(target, ...given)
        }
      },
    })
  const { leases, parking, transactions } = store
  const open = guarded(transactions ?? {}) as NonNullable<typeof transactions>
  return {
    store: {
      ...store,
      leases: guarded(leases),
      parking: guarded(parking),
      transactions: transactions && { open: open.open, join: transactions.join },
    },
    cut: (given = 'SEMEL_STORE_UNAVAILABLE') => {
      code = given
    },
    mend: () => {
      code = undefined
    },
  }
}

/** Fails where something does not come within five seconds. */
export async function inTime<R>(work: Promise<R>): Promise<R> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('not within 5000 ms')), 5_000)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
