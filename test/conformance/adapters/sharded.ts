import { DatabaseSync } from 'node:sqlite'
import type { Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { type ShardKey, sharded } from 'semel/sharding'
import { type SqliteOpen, sqliteStore } from 'semel/sqlite'
import { manualClock, type OpenedStore, type StoreAdapter } from 'semel/testing'
import { closingAll } from './closing-all.ts'
import { effectsIn, inCallersTransaction, scratch } from './sqlite.ts'

/** Keys of cases that put several into one transaction, or into one lane. */
const together =
  /^([a-z]|[knr]-\d+|A-17|mine|absent|dead|completed|late|kept|withdrawn|never inserted|leased|before|within|after)$/

/** All others are spread over both. */
function by([key]: ShardKey): 'a' | 'b' {
  const text = typeof key === 'string' ? key : Buffer.from(key).toString('latin1')
  if (together.test(text)) return 'a'
  let sum = 0
  for (const letter of text) sum += letter.charCodeAt(0)
  return sum % 2 === 0 ? 'a' : 'b'
}

export const shardedMemoryAdapter: StoreAdapter = { name: 'sharded-memory', open: openMemory }
export const shardedSqliteAdapter: StoreAdapter = { name: 'sharded-sqlite', open: openSqlite }

async function openMemory(): Promise<OpenedStore> {
  const clock = manualClock()
  const first = memoryStore({ clock })
  const store = sharded({ a: first, b: memoryStore({ clock }) }, { by })
  await store.prepare()
  function within<R>(work: (tx: MemoryTransaction) => R | Promise<R>): Promise<R> {
    if (first.transactions === undefined) throw new Error('the memory store has transactions')
    return first.transactions.open(async ({ forHandler }) => work(forHandler().tx))
  }
  return {
    store,
    passTime: async (ms) => clock.pass(ms),
    effects: {
      write: (tx, key, value) => (tx as MemoryTransaction).set('effects', key, value),
      read: (key) => within((tx) => tx.get('effects', key) as string | undefined),
    },
    callersTransaction: within,
    close: () => store.close(),
  }
}

const open: SqliteOpen = (file) => new DatabaseSync(file)

async function openSqlite(): Promise<OpenedStore> {
  const files = { a: scratch(open), b: scratch(open) }
  const clock = manualClock()
  const { keep, close } = closingAll()
  async function opening(): Promise<Store> {
    const [a, b] = [files.a, files.b].map(({ file }) => sqliteStore(file, { open, clock }))
    const store = keep(sharded({ a: a as Store, b: b as Store }, { by }))
    await store.prepare()
    return store
  }
  const store = await opening()
  return {
    store,
    passTime: async (ms) => clock.pass(ms),
    effects: effectsIn(open, files.a.file),
    callersTransaction: (work) => inCallersTransaction(open, files.a.file, work),
    async reopen() {
      await store.close()
      return opening()
    },
    async close() {
      await close()
      for (const { remove } of Object.values(files)) remove()
    },
  }
}
