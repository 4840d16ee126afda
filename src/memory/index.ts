export { leaseOnlyStore, memoryStore, type MemoryStoreOptions } from './memory-store.ts'
export type { MemoryTransaction } from './memory-transaction.ts'
