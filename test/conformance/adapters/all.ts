import {
  type Adapter,
  type AdapterReport,
  type Case,
  type Closable,
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
import { shardedMemoryAdapter, shardedSqliteAdapter } from './sharded.ts'
import { betterSqlite3StoreAdapter, sqliteStoreAdapter } from './sqlite.ts'
import { betterSqlite3SourceAdapter, sqliteSourceAdapter } from './sqlite-source.ts'

/** One adapter with the suite of its port. */
export interface Runnable {
  readonly kind: 'store' | 'source'
  readonly name: string
  run(): Promise<AdapterReport>
  /** How many cases are for it, by what it declares; undefined where it cannot be run here. */
  needs(): Promise<Expected | undefined>
}

interface Expected {
  readonly passed: number
  readonly skipped: Readonly<Record<string, number>>
}

/** Every adapter of this package. */
export const adapters: readonly Runnable[] = [
  store(memoryStoreAdapter),
  store(leaseOnlyStoreAdapter),
  store(sqliteStoreAdapter),
  store(betterSqlite3StoreAdapter),
  store(shardedMemoryAdapter),
  store(shardedSqliteAdapter),
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
  return runnable('store', storeCases, adapter)
}

function source(adapter: SourceAdapter): Runnable {
  return runnable('source', sourceCases, adapter)
}

function runnable<Opened extends Closable>(
  kind: Runnable['kind'],
  cases: readonly Case<Opened>[],
  adapter: Adapter<Opened>,
): Runnable {
  return {
    kind,
    name: adapter.name,
    run: () => runCases(cases, adapter),
    needs: () => expected(cases, adapter),
  }
}

async function expected<Opened extends Closable>(
  cases: readonly Case<Opened>[],
  adapter: Adapter<Opened>,
): Promise<Expected | undefined> {
  if ((await adapter.notRun?.()) !== undefined) return undefined
  const opened = await adapter.open()
  const skipped: Record<string, number> = {}
  let passed = 0
  for (const { needs } of cases) {
    const missing = needs.find((need) => !need.declared(opened))
    if (missing === undefined) passed++
    else {
      const why = `${missing.name}: ${missing.because}`
      skipped[why] = (skipped[why] ?? 0) + 1
    }
  }
  await opened.close()
  return { passed, skipped }
}
