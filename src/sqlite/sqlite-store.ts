import type { DatabaseSync } from 'node:sqlite'
import { SemelError } from '../errors/semel-error.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import type { Store, StoreCapabilities } from '../inbox/store.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { SqliteConnection, SqliteOpen } from './connection.ts'
import { acquire } from './registry.ts'
import { sqliteGuards } from './sqlite-guards.ts'
import { sqliteInspector } from './sqlite-inspector.ts'
import { sqliteLeases } from './sqlite-leases.ts'
import { sqliteParking } from './sqlite-parking.ts'
import { sqliteRates } from './sqlite-rates.ts'
import { sqliteSteps } from './sqlite-steps.ts'
import { sqliteTransactions } from './sqlite-transactions.ts'
import type { StoreParts } from './store-parts.ts'

export interface SqliteStoreOptions {
  /** How long to wait for another process that writes the same file, in milliseconds. Default: 5 000. */
  readonly busyMsMax?: number
  /** Default: the system's. Give one of your own to let leases and retention pass in a test. */
  readonly clock?: Clock
}

const capabilities: StoreCapabilities = {
  batchMax: 1_000,
  concurrentTransactions: 1,
  durable: true,
  handlerMayWait: false,
  interleaves: false,
  timePrecisionMs: 1,
}

/**
 * Remembers in a SQLite file, whose tables it makes and brings up to date itself. Any number of processes of one
 * machine share it; within a process everything that names the file shares one connection of ours.
 *
 * A handler runs inside one transaction and can do there what SQLite answers at once: it must not wait for
 * anything else.
 *
 * Whatever else in the process uses the file must use it through the same client: `node:sqlite` and
 * `better-sqlite3` bring a SQLite each, and two of them in one process do not see each other's locks.
 *
 * @param options.open Makes the connection, whose type is the type of `tx`. Default: `node:sqlite`.
 * @throws SEMEL_OPTION_INVALID
 * @example sqliteStore('shop.db', { open: (file) => new BetterSqlite3(file) })
 */
export function sqliteStore<C extends SqliteConnection>(
  file: string,
  options: SqliteStoreOptions & { readonly open: SqliteOpen<C> },
): Store<C>
export function sqliteStore(
  file: string,
  options?: SqliteStoreOptions & { readonly open?: undefined },
): Store<DatabaseSync>
export function sqliteStore(
  file: string,
  options: SqliteStoreOptions & { readonly open?: SqliteOpen | undefined } = {},
): Store {
  resolveOptions('sqliteStore', options, ['busyMsMax'], ['open', 'clock'])
  const { open = 'node', busyMsMax, clock = systemClock } = options
  const handle = acquire(file, { open, busyMsMax })
  const { database } = handle
  const refusal = untilClosed(database.file)
  const parts: StoreParts = {
    file: database.file,
    clock,
    write: (work) => refusal.now() ?? database.write(work),
    read: (work) => refusal.now() ?? database.read(work),
    transaction: (work, messages) => refusal.now() ?? database.transaction(work, messages),
  }
  return {
    name: 'sqlite',
    capabilities,
    leases: sqliteLeases(parts),
    parking: sqliteParking(parts),
    rates: sqliteRates(parts),
    inspector: sqliteInspector(parts),
    steps: sqliteSteps(parts),
    guards: sqliteGuards(parts),
    transactions: sqliteTransactions(parts),
    medium: database,
    prepare: () => parts.read(() => undefined),
    async close() {
      refusal.begin()
      await handle.release()
    },
  }
}

function untilClosed(file: string): { begin(): void; now(): Promise<never> | undefined } {
  let closed = false
  return {
    begin() {
      closed = true
    },
    now: () =>
      closed
        ? Promise.reject(new SemelError('SEMEL_STORE_CLOSED', `the store on ${file} is closed`))
        : undefined,
  }
}
