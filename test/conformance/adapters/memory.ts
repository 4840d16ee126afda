import {
  leaseOnlyStore,
  memoryPublisher,
  memoryQueue,
  memorySource,
  memoryStore,
  type MemoryTransaction,
} from 'semel/memory'
import {
  manualClock,
  type OpenedSource,
  type OpenedStore,
  type SourceAdapter,
  type StoreAdapter,
} from 'semel/testing'
import { closingAll } from './closing-all.ts'

export const memoryStoreAdapter: StoreAdapter = { name: 'memory', open: openStore }

export const leaseOnlyStoreAdapter: StoreAdapter = {
  name: 'memory-lease-only',
  async open() {
    const clock = manualClock()
    const store = leaseOnlyStore({ clock })
    return { store, passTime: async (ms) => clock.pass(ms), close: () => store.close() }
  },
}

export const memorySourceAdapter: SourceAdapter = { name: 'memory', open: openSource }

async function openStore(): Promise<OpenedStore> {
  const clock = manualClock()
  const store = memoryStore({ clock })
  function within<R>(work: (tx: MemoryTransaction) => R | Promise<R>): Promise<R> {
    if (store.transactions === undefined) throw new Error('the memory store has transactions')
    return store.transactions.open(async ({ forHandler }) => work(forHandler().tx))
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

async function openSource(): Promise<OpenedSource> {
  const clock = manualClock()
  const queue = memoryQueue({ clock })
  const { keep, close } = closingAll()
  const holdMs = 300
  return {
    source: ({ topic = 'orders', tag = '*', ending = false } = {}) =>
      keep(memorySource(queue, { topic, tag, holdMs: ending ? holdMs : 600_000 })),
    publisher: (choice = {}) => keep(memoryPublisher(queue, { topic: 'orders', ...choice })),
    topic: (name) => name,
    holdMs,
    arrivalMs: 10_000,
    quietMs: 60,
    passTime: async (ms) => clock.pass(ms),
    crash: async () => clock.pass(holdMs),
    lacks: [],
    close,
  }
}
