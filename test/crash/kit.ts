import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Store } from 'semel'
import { type SqliteQueue, sqlitePublisher, sqliteQueue, sqliteStore } from 'semel/sqlite'
import { readableKey } from '../../src/inbox/key.ts'
import type { RecordView } from '../../src/inbox/record.ts'
import { type Body, type Given, type Limits, topic } from './given.ts'
import { env, type Nursery, nursery } from './nursery.ts'

export { env }

/** Short, so that what a killed consumer held comes back soon. */
export const holdMs = 250
export const limits: Limits = {
  leaseMs: 250,
  retryDelayMs: 5,
  retryDelayMsMax: 20,
  parkedPollMs: 20,
  heldWaitMs: 50,
  drainMs: 2_000,
  circuitFailures: 10_000,
}

/** A file of its own, with a queue, an inbox and a ledger without a unique key. */
export interface Place extends Pick<Nursery, 'counted' | 'start' | 'isConsuming'> {
  readonly file: string
  readonly store: Store<DatabaseSync>
  send(bodies: readonly Body[]): Promise<void>
  /** Ids in the ledger, once per effect. */
  ledger(): readonly string[]
  /** Messages of the queue that are not acknowledged. */
  waiting(): Promise<number>
  /** By readable key. */
  records(): Promise<ReadonlyMap<string, RecordView>>
}

const module = join(import.meta.dirname, 'consumer-worker.ts')

export function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'semel-crash-'))
  const file = join(folder, 'shop.db')
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; create table ledger (message text not null) strict')
  const store = sqliteStore(file)
  const publisher = sqlitePublisher(file, { topic })
  const queue = sqliteQueue(file)
  const { start, isConsuming, counted, end } = nursery(
    module,
    (options): Given => ({ file, holdMs, options: { ...limits, ...options } }),
  )
  t.after(async () => {
    await end()
    await publisher.close()
    await queue.close()
    await store.close()
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    file,
    store,
    counted,
    start,
    isConsuming,
    async send(bodies) {
      await publisher.sendBatch(
        bodies.map((body) => ({ body, ...(body.lane && { orderKey: body.lane }) })),
      )
    },
    ledger() {
      const rows = db.prepare('select message from ledger order by rowid').all()
      return rows.map((row) => String(row['message']))
    },
    async waiting() {
      return unacknowledged(queue)
    },
    async records() {
      const list = await store.inspector.list({ limit: 100_000 })
      return new Map(list.map((record) => [readableKey(record.key, record.readable), record]))
    },
  }
}

/** Of all topics; where no group has looked yet, everything. */
export async function unacknowledged(queue: SqliteQueue): Promise<number> {
  const topics = await queue.list()
  const open = topics.map(({ groups: [ours], messages }) =>
    ours ? ours.waiting + ours.inFlight + ours.delayed : messages,
  )
  return open.reduce((sum, some) => sum + some, 0)
}
