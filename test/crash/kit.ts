import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Store } from 'semel'
import { sqlitePublisher, sqliteQueue, sqliteStore } from 'semel/sqlite'
import {
  type Child,
  type ChildOptions,
  type News,
  startChild,
} from '../../src/cli/demo/children.ts'
import { readableKey } from '../../src/inbox/key.ts'
import type { RecordView } from '../../src/inbox/record.ts'
import { type Body, type Given, type Limits, topic } from './given.ts'

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
export interface Place {
  readonly file: string
  readonly store: Store<DatabaseSync>
  /** What happened in all children, as far as they could tell before they were killed. */
  readonly counted: Readonly<Record<string, number>>
  send(bodies: readonly Body[]): Promise<void>
  /** Starts a consumer, which may stand still at a point; it is killed at the end of the test. */
  start(options?: Limits, standAt?: string, onEnded?: ChildOptions['onEnded']): Child
  /** Whether it has begun to consume. */
  isConsuming(child: Child): boolean
  /** Ids in the ledger, once per effect. */
  ledger(): readonly string[]
  /** Messages of the queue that are not acknowledged. */
  waiting(): Promise<number>
  /** By readable key. */
  records(): Promise<ReadonlyMap<string, RecordView>>
}

const module = join(import.meta.dirname, 'consumer-worker.ts')
/** Children start three times as fast when one of them has compiled everything. */
const compiled = mkdtempSync(join(tmpdir(), 'semel-crash-compiled-'))
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }))
export const env: NodeJS.ProcessEnv = { ...process.env, NODE_COMPILE_CACHE: compiled }

export function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'semel-crash-'))
  const file = join(folder, 'shop.db')
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; create table ledger (message text not null) strict')
  const store = sqliteStore(file)
  const publisher = sqlitePublisher(file, { topic })
  const queue = sqliteQueue(file)
  const { start, isConsuming, counted, end } = nursery(file)
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
      const [here] = await queue.list()
      const [ours] = here?.groups ?? []
      return ours ? ours.waiting + ours.inFlight + ours.delayed : (here?.messages ?? 0)
    },
    async records() {
      const list = await store.inspector.list({ limit: 100_000 })
      return new Map(list.map((record) => [readableKey(record.key, record.readable), record]))
    },
  }
}

interface Nursery extends Pick<Place, 'start' | 'isConsuming' | 'counted'> {
  /** Kills all, and lets nobody start another one. */
  end(): Promise<void>
}

function nursery(file: string): Nursery {
  const children = new Set<Child>()
  const consuming = new WeakSet<Child>()
  const counted: Record<string, number> = {}
  let over = false
  return {
    counted,
    isConsuming: (child) => consuming.has(child),
    start(options = {}, standAt = '', onEnded = () => undefined) {
      const given: Given = { file, holdMs, options: { ...limits, ...options } }
      const onNews = (news: News): void => {
        add(counted, news.counted)
        if (news.counted['started'] !== undefined) consuming.add(child)
      }
      const told: ChildOptions['onEnded'] = (ended, exit) => {
        if (!over) onEnded(ended, exit)
      }
      const child = startChild({ module, given, standAt, env, onNews, onEnded: told })
      children.add(child)
      return child
    },
    async end() {
      over = true
      await Promise.all([...children].map((child) => child.kill()))
    },
  }
}

function add(counted: Record<string, number>, news: News['counted']): void {
  for (const [name, times] of Object.entries(news)) counted[name] = (counted[name] ?? 0) + times
}
