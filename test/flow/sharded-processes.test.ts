import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { sharded } from 'semel/sharding'
import { sqlitePublisher, sqliteQueue, sqliteStore } from 'semel/sqlite'
import type { Child } from '../../src/cli/demo/children.ts'
import { unacknowledged } from '../crash/kit.ts'
import { nursery } from '../crash/nursery.ts'
import { until } from '../crash/until.ts'
import { type Name, names, type Step, steps } from './sharded-maps.ts'

const module = join(import.meta.dirname, 'sharded-worker.ts')
const limitMs = 60_000

interface Place {
  start(step: Step): Promise<Child>
  /** Each of these five times; every seventh fails twice before it takes effect. */
  send(from: number, below: number): Promise<void>
  ledger(name: Name): readonly string[]
  /** Until so many messages have taken effect. */
  effects(count: number): Promise<void>
  /** Until everything is acknowledged, and nothing is parked. */
  quiet(): Promise<void>
  readonly counted: Readonly<Record<string, number>>
}

function withLedger(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; create table ledger (message text not null) strict')
  return db
}

async function place(t: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-sharded-'))
  const file = (name: string): string => join(folder, `${name}.db`)
  const files = { a: file('a'), b: file('b'), c: file('c') }
  const databases = names.map((name): [Name, DatabaseSync] => [name, withLedger(files[name])])
  const stores = { a: sqliteStore(files.a), b: sqliteStore(files.b), c: sqliteStore(files.c) }
  const store = sharded(stores, steps.moving)
  await store.prepare()
  const publisher = sqlitePublisher(file('queue'), { topic: 'orders' })
  const queue = sqliteQueue(file('queue'))
  let step: Step = 'former'
  const own = nursery(module, () => ({ queue: file('queue'), files, step }))
  t.after(async () => {
    await own.end()
    await Promise.all([publisher.close(), queue.close(), store.close()])
    for (const [, db] of databases) db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const ledger = (name: Name): readonly string[] =>
    databases
      .filter(([other]) => other === name)
      .flatMap(([, db]) => db.prepare('select message from ledger').all())
      .map((row) => String(row['message']))
  const all = (): number => names.reduce((sum, name) => sum + ledger(name).length, 0)
  return {
    counted: own.counted,
    ledger,
    async start(given) {
      step = given
      const child = own.start()
      await until(
        () => own.isConsuming(child),
        () => `a consumer that is ${given}`,
        limitMs,
      )
      return child
    },
    send: async (from, below) => void (await publisher.sendBatch(bodies(from, below))),
    effects: (count) =>
      until(
        () => all() >= count,
        () => `${all()} of ${count} effects; ${JSON.stringify(own.counted)}`,
        limitMs,
      ),
    quiet: () =>
      until(
        async () =>
          (await unacknowledged(queue)) === 0 &&
          (await store.parking.usage('points')).messages === 0,
        () => `quiet; ${JSON.stringify(own.counted)}`,
        limitMs,
      ),
  }
}

/** Copies beside each other, so that they are in several hands at once, and one more much later. */
function bodies(from: number, below: number): readonly { readonly body: object }[] {
  const ids = Array.from({ length: below - from }, (_, at) => from + at)
  const mixed = [...ids.flatMap((id) => [id, id, id, id]), ...ids.toReversed()]
  return mixed.map((id) => ({ body: { id: `k-${id}`, failures: id % 7 === 0 ? 2 : 0 } }))
}

test('two shards become three while consumers are killed and everything comes again: nothing is done twice, nothing is lost', async (t) => {
  const { start, send, effects, quiet, ledger, counted } = await place(t)
  await send(0, 120)
  const former = [await start('former'), await start('former')]
  await effects(60)

  // First everybody learns the new map. What is killed has deliveries in hand: they come again.
  const aware = [await start('aware'), await start('aware')]
  await Promise.all(former.map((child) => child.kill()))
  await send(120, 240)
  await effects(150)

  // Then, one after another, everybody uses it; both maps are in force at once.
  const moving = [await start('moving')]
  await send(240, 360)
  await effects(260)
  await aware.pop()?.kill()
  moving.push(await start('moving'))
  await send(0, 240)
  await moving.shift()?.kill()
  moving.push(await start('moving'))
  aware.push(await start('aware'))
  await send(300, 420)
  await effects(400)
  await Promise.all(aware.map((child) => child.kill()))
  await send(420, 540)
  await send(0, 420)
  await quiet()

  const done = names.flatMap(ledger)
  const ids = Array.from({ length: 540 }, (_, id) => `k-${id}`)
  assert.deepEqual(done.toSorted(), ids.toSorted(), JSON.stringify(counted))
  // It has really moved, and not all of it.
  const isMoving = (id: string): boolean => Number(id.slice(2)) % 3 === 0
  assert.ok(ledger('c').length >= 40 && ledger('c').every(isMoving), `${ledger('c').length} in c`)
  assert.ok([...ledger('a'), ...ledger('b')].some(isMoving), 'what was known stayed')
})
