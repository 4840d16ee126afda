import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { options } from '../options/table.ts'
import {
  type Connection,
  connectionOf,
  openNodeSqlite,
  type SqliteConnection,
  type SqliteOpen,
} from './connection.ts'
import { migrateOnce } from './migrate.ts'
import { isBusy } from './sqlite-errors.ts'
import { transaction } from './statements.gen.ts'

/** How a file is opened; settled with the first connection. */
export interface Opening {
  readonly file: string
  /** `node`: by `node:sqlite`. Undefined: nobody has said yet. */
  open: SqliteOpen | 'node' | undefined
  /** The most patient one decides. */
  busyMsMax: number | undefined
}

export function patienceMs({ busyMsMax }: Opening): number {
  return busyMsMax ?? options.busyMsMax.default
}

/** Longest time that a statement itself waits for a lock: meanwhile nothing else runs in this process. */
const blockedMsMax = 20

/** A new connection to the file, set as durability needs it. */
export async function connected(opening: Opening): Promise<Connection> {
  const { file } = opening
  opening.open ??= 'node'
  const open = opening.open === 'node' ? openNodeSqlite : opening.open
  const busyMsMax = patienceMs(opening)
  return patiently(() => configured(open(file), busyMsMax), busyMsMax)
}

/** Brings the tables up to date. Answers the names of what was done. */
export async function migrated(
  connection: Connection,
  opening: Opening,
): Promise<readonly string[]> {
  const done: string[] = []
  for (;;) {
    await patiently(() => connection.run(transaction.begin), patienceMs(opening))
    const name = inTransaction(connection, () => migrateOnce(connection, opening.file))
    if (name === undefined) return done
    done.push(name)
  }
}

/** Tries again while another process has the lock, and lets everything else run between two tries. */
export async function patiently<R>(work: () => R, busyMsMax: number): Promise<R> {
  const deadline = monotonicMs() + busyMsMax
  for (let tries = 1; ; tries++) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || monotonicMs() >= deadline) throw error
    }
    // Random, or two processes that meet once would meet again and again.
    await pause(1 + Math.random() * Math.min(tries, 10))
  }
}

function configured(raw: SqliteConnection, busyMsMax: number): Connection {
  const connection = connectionOf(raw)
  try {
    connection.exec(`pragma busy_timeout = ${Math.min(busyMsMax, blockedMsMax)}`)
    connection.exec('pragma journal_mode = wal')
    connection.exec('pragma synchronous = full')
    refuseUnsafe(connection)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Where there is no write-ahead log (a network disk), a lost lock would be a lost record. */
function refuseUnsafe(connection: Connection): void {
  const mode = connection.get<Readonly<Record<string, unknown>>>('pragma journal_mode')
  if (mode?.['journal_mode'] === 'wal') return
  throw new SemelError(
    'SEMEL_STORE_UNAVAILABLE',
    `the file cannot have a write-ahead log (journal mode ${String(mode?.['journal_mode'])}); keep it on a local disk`,
  )
}

function inTransaction<R>(connection: Connection, work: () => R): R {
  try {
    const answer = work()
    connection.run(transaction.commit)
    return answer
  } catch (error) {
    if (connection.inTransaction()) connection.run(transaction.rollback)
    throw error
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
