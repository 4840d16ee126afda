import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sqlitePublisher, sqliteQueue } from 'semel/sqlite'
import { limits, unacknowledged } from '../kit.ts'
import { type Nursery, nursery } from '../nursery.ts'
import { until } from '../until.ts'
import { type At, counters, type Database, type Opened } from './kinds.ts'
import type { Body, Given } from './given.ts'

/** A queue in a file of its own, and a place of its own in a database. */
export interface Place extends Pick<Nursery, 'counted' | 'start' | 'isConsuming'> {
  readonly file: string
  readonly at: At
  /** Opened by the test itself, to look. */
  readonly opened: Opened
  send(bodies: readonly Body[], topic?: string): Promise<void>
  /** Waits until nothing stands in the queue, and nothing is leased or parked. */
  settled(limitMs: number): Promise<void>
  /** After that: every message has had its effect once, and the records say so. Answers how many there were. */
  balance(sent: readonly Body[], hint?: string): Promise<number>
}

export const topic = 'orders'

const module = join(import.meta.dirname, 'sql-worker.ts')

interface Terms {
  /** Where children find the database. Default: where the test does, as a user who may do less. */
  readonly workersUrl?: string
  /** Default: one. */
  readonly topics?: readonly string[]
  /** How long a message that was pulled stays away when nobody renews it. Default: 30,000. */
  readonly holdMs?: number
  /** The server goes with the test, and what is in it. Default: false. */
  readonly own?: boolean
}

export async function placeIn(
  t: TestContext,
  database: Database,
  url: string,
  { workersUrl, topics = [topic], own = false, holdMs = 30_000 }: Terms = {},
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-sql-'))
  const file = join(folder, 'queue.db')
  const place = `semel_proof_${randomBytes(6).toString('hex')}`
  const at: At = { database: database.name, url, place }
  await database.make(at)
  const opened = database.open(at)
  const publisher = sqlitePublisher(file)
  const queue = sqliteQueue(file)
  const crew = nursery(
    module,
    (options): Given => ({
      at: { ...at, url: workersUrl ?? database.userUrl(at) },
      file,
      holdMs,
      topics,
      options: { ...limits, ...options },
    }),
  )
  t.after(async () => {
    await crew.end()
    await publisher.close()
    await queue.close()
    await opened.store.close()
    await opened.close()
    if (!own) await database.remove(at)
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    ...crew,
    file,
    at,
    opened,
    async send(bodies, to = topic) {
      await publisher.sendBatch(bodies.map((body) => ({ topic: to, body })))
    },
    async settled(limitMs) {
      let left = ''
      const isSettled = async (): Promise<boolean> => {
        const waiting = await unacknowledged(queue)
        const open = waiting > 0 ? undefined : await openRecords(opened)
        left = `${waiting} in the queue, ${open ?? 'some'} records open`
        return open === 0
      }
      await until(isSettled, () => `${left}; ${JSON.stringify(crew.counted)}`, limitMs)
    },
    balance: (sent, hint) => balance(opened, sent, hint),
  }
}

async function openRecords({ store }: Opened): Promise<number> {
  const counts = await store.inspector.count()
  return counts
    .filter(({ state }) => state !== 'completed')
    .reduce((sum, { records }) => sum + records, 0)
}

async function balance(opened: Opened, sent: readonly Body[], hint = ''): Promise<number> {
  const bodies = new Map(sent.map((body) => [body.id, body]))
  const ledger = await opened.ledger()
  const times = Map.groupBy(ledger, (id) => id)
  const lost = [...bodies.keys()].filter((id) => !times.has(id))
  const twice = [...times].filter(([, all]) => all.length > 1).map(([id]) => id)
  const strange = [...times.keys()].filter((id) => !bodies.has(id))
  assert.deepEqual({ lost, twice, strange }, { lost: [], twice: [], strange: [] }, hint)
  const counted = Array.from({ length: counters }, () => 0)
  for (const { rows = [] } of bodies.values())
    for (const row of rows) counted[row] = (counted[row] ?? 0) + 1
  assert.deepEqual(await opened.counted(), counted, hint)
  assert.equal((await recordsOf(opened)).completed, bodies.size, hint)
  return bodies.size
}

async function recordsOf({ store }: Opened): Promise<{ readonly completed: number }> {
  const counts = await store.inspector.count()
  const completed = counts.filter(({ state }) => state === 'completed')
  return { completed: completed.reduce((sum, { records }) => sum + records, 0) }
}
