import {
  type AdapterReport,
  runCases,
  type SourceAdapter,
  sourceCases,
  type StoreAdapter,
  storeCases,
} from 'semel/testing'
import { leaseOnlyStoreAdapter, memorySourceAdapter, memoryStoreAdapter } from './memory.ts'
import { mariadbStoreAdapter, mysqlStoreAdapter } from './mysql.ts'
import { postgresStoreAdapter } from './postgres.ts'
import { ioredisStoreAdapter, redisStoreAdapter } from './redis.ts'
import { betterSqlite3StoreAdapter, sqliteStoreAdapter } from './sqlite.ts'
import { betterSqlite3SourceAdapter, sqliteSourceAdapter } from './sqlite-source.ts'

/** One adapter with the suite of its port. */
export interface Runnable {
  readonly kind: 'store' | 'source'
  readonly name: string
  run(): Promise<AdapterReport>
}

/** Every adapter of this package. */
export const adapters: readonly Runnable[] = [
  store(memoryStoreAdapter),
  store(leaseOnlyStoreAdapter),
  store(sqliteStoreAdapter),
  store(betterSqlite3StoreAdapter),
  store(postgresStoreAdapter),
  store(mariadbStoreAdapter),
  store(mysqlStoreAdapter),
  store(redisStoreAdapter),
  store(ioredisStoreAdapter),
  source(memorySourceAdapter),
  source(sqliteSourceAdapter),
  source(betterSqlite3SourceAdapter),
]

function store(adapter: StoreAdapter): Runnable {
  return { kind: 'store', name: adapter.name, run: () => runCases(storeCases, adapter) }
}

function source(adapter: SourceAdapter): Runnable {
  return { kind: 'source', name: adapter.name, run: () => runCases(sourceCases, adapter) }
}
