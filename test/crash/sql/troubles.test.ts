// What keeps a consumer from its work for a while, one trouble after another: a pool that somebody else has, a disk
// that is full, a process that stands still with locks in its hands, tables that are not as they should be.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isSemelError } from 'semel'
import { skipHere } from '../../not-run.ts'
import { ownServerFor, serverFor } from '../../servers/server.ts'
import { holdMs } from '../kit.ts'
import { until } from '../until.ts'
import { consumerHere, type Here } from './consume-here.ts'
import { databases } from './database.ts'
import { counters, type Database } from './kinds.ts'
import type { Body } from './given.ts'
import { type Place, placeIn } from './place.ts'

/** What a consumer that runs ends with, and what a start is refused with; undefined: it goes on. */
const schemas = {
  missing: { running: 'SEMEL_SCHEMA_MISSING', start: 'SEMEL_SCHEMA_MISSING' },
  behind: { running: 'SEMEL_SCHEMA_BEHIND', start: undefined },
  ahead: { running: undefined, start: 'SEMEL_SCHEMA_AHEAD' },
} as const

for (const database of databases) {
  test(`${database.name}: a pool that somebody else has for a while is waited for`, async (t) => {
    const here = await sharedPlace(t, database)
    if (here === undefined) return
    const opened = database.open({ ...here.at, connections: 3, connectMsMax: 50 })
    t.after(() => opened.close())
    const { consumer, met } = consumerHere(t, here, opened, {})
    await consumer.start()
    const bodies = bodiesOf(100)
    await here.send(bodies.slice(0, 50))
    await here.settled(10_000)
    const { release } = await opened.exhaust()
    await here.send(bodies.slice(50))
    try {
      if (database.poolGivesUp) await happened(met, 'store-unavailable')
    } finally {
      release()
    }
    await here.settled(10_000)
    const rare = database.poolGivesUp ? 'store-unavailable' : 'applied'
    await balanced(database, 'pool exhausted', here, bodies, met, rare)
  })

  test(`${database.name}: a full disk is waited for`, async (t) => {
    const { moveTo } = database
    if (moveTo === undefined) return t.skip('tables cannot be moved to another disk')
    const full = smallDisk(t)
    if (full === undefined) return
    const own = await ownServerFor(t, database.server)
    if (own === undefined) return
    const here = await placeIn(t, database, own.url, { own: true })
    await moveTo(here.at, full.folder)
    const { consumer, met } = consumerHere(t, here, here.opened, {})
    await consumer.start()
    const bodies = bodiesOf(1_000)
    await here.send(bodies.slice(0, 50))
    await here.settled(10_000)
    full.fill()
    await here.send(bodies.slice(50))
    await happened(met, 'SEMEL_STORE_FULL')
    full.free()
    await here.settled(20_000)
    await balanced(database, 'disk full', here, bodies, met, 'store-unavailable')
  })

  test(`${database.name}: who stands still with locks in its hands holds up the others for a while, and does nothing more`, async (t) => {
    const here = await sharedPlace(t, database, holdMs)
    if (here === undefined) return
    const zombie = here.start({ performMsMax: 1_000, heldWaitMs: 0 })
    const [slow, ...others] = bodiesOf(20)
    assert.ok(slow)
    await here.send([{ ...slow, waitsMs: 500 }])
    await happened(here.counted, 'performed')
    process.kill(zombie.pid, 'SIGSTOP')
    await here.send(others)
    const { consumer, met } = consumerHere(t, here, here.opened, { performMsMax: 1_000 })
    await consumer.start()
    await here.settled(30_000)
    process.kill(zombie.pid, 'SIGCONT')
    await happened(here.counted, 'duplicate')
    await zombie.stop(3_000)
    await balanced(database, 'stopped', here, [slow, ...others], met, 'performed')
  })

  for (const [how, codes] of Object.entries(schemas))
    test(`${database.name}: tables that are ${how} stop a consumer by a clear code, and lose nothing`, async (t) => {
      const here = await sharedPlace(t, database)
      if (here === undefined) return
      const { consumer, met } = consumerHere(t, here, here.opened, {})
      await consumer.start()
      const bodies = bodiesOf(100)
      await here.send(bodies.slice(0, 50))
      await here.settled(10_000)
      const mend = await database.schema[how as keyof typeof schemas](here.at)
      await here.send(bodies.slice(50))
      const running = codes.running === undefined ? undefined : await consumer.ended
      assert.equal(codeOf(running?.error), codes.running)
      if (codes.running === undefined) await here.settled(10_000)
      await consumer.stop()
      if (codes.start !== undefined)
        await assert.rejects(consumerHere(t, here, here.opened, {}).consumer.start(), {
          code: codes.start,
        })
      await mend()
      await consumerHere(t, here, here.opened, {}).consumer.start()
      await here.settled(10_000)
      await balanced(database, how, here, bodies, met, 'performed')
    })
}

function codeOf(error: unknown): string | undefined {
  return isSemelError(error) ? error.code : undefined
}

async function sharedPlace(
  t: TestContext,
  database: Database,
  holdMs?: number,
): Promise<Place | undefined> {
  const found = await serverFor(t, database.server)
  return found && placeIn(t, database, found.url, holdMs === undefined ? {} : { holdMs })
}

function bodiesOf(messages: number): readonly Body[] {
  return Array.from({ length: messages }, (_, at) => ({ id: `m${at}`, rows: [at % counters] }))
}

/** One of these. */
async function happened(met: Here['met'], ...what: readonly string[]): Promise<void> {
  await until(
    () => what.some((one) => met[one] !== undefined),
    () => `"${what.join('" or "')}" has not happened: ${JSON.stringify(met)}`,
    20_000,
  )
}

async function balanced(
  { name }: Database,
  what: string,
  here: Place,
  bodies: readonly Body[],
  met: Here['met'],
  rare: string,
): Promise<void> {
  const effects = await here.balance(bodies)
  console.log(`  ${name}, ${what}: ${effects} effects, ${JSON.stringify(met)}`)
  assert.ok(met[rare], `"${rare}" never happened: this proves nothing`)
}

interface SmallDisk {
  readonly folder: string
  fill(): void
  free(): void
}

/** A file system of a few megabytes, for the user whom servers run as; undefined: skipped, only root can have one. */
function smallDisk(t: TestContext): SmallDisk | undefined {
  const disk = mkdtempSync(join(tmpdir(), 'semel-disk-'))
  const filler = join(disk, 'filler')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0777', 'semel-disk', disk])
  } catch (error) {
    rmSync(disk, { recursive: true })
    skipHere(t, 'a full disk', `a small one cannot be mounted: ${String(error)}`)
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true })
  })
  const folder = mkdtempSync(join(disk, 'data-'))
  chownSync(folder, 65_534, 65_534)
  return {
    folder,
    fill() {
      for (let size = 1 << 20; size >= 512; size /= 2)
        for (let full = false; !full; )
          try {
            writeFileSync(filler, new Uint8Array(size), { flag: 'a' })
          } catch {
            full = true
          }
    },
    free: () => rmSync(filler),
  }
}
