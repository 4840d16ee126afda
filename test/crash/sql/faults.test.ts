// What goes wrong with a server under load: it says so by a code, nothing is lost, nothing happens twice, and consuming
// goes on by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { below } from '../../../src/cli/demo/random.ts'
import { ownServerFor, serverFor } from '../../servers/server.ts'
import { keepRunning } from '../crew.ts'
import { until } from '../until.ts'
import { databases } from './database.ts'
import { counters, type Database } from './kinds.ts'
import type { Body } from './given.ts'
import { type Place, placeIn } from './place.ts'
import { limitMs, seedOfThisRun, size } from './sizes.ts'

const processes = 2
const options = { leaseMs: 2_000, attemptsMax: 100 }
const crashes = size(1, 10)
/** Whatever was under way when a session ended. */
const interrupted = ['SEMEL_STORE_UNAVAILABLE', 'SEMEL_OUTCOME_UNKNOWN', 'thrown by a handler']

for (const database of databases) {
  test(`${database.name}: a server killed with -9 and restarted under load loses and repeats nothing`, async (t) => {
    const own = await ownServerFor(t, database.server)
    if (own === undefined) return
    const here = await placeIn(t, database, own.url, { own: true })
    const bodies = bodiesOf(400 * (crashes + 1))
    const crew = keepRunning(here, processes, options)
    await met(here, 'started', processes)
    for (let crash = 0; crash < crashes; crash++) {
      await here.send(bodies.slice(crash * 400, (crash + 1) * 400))
      await applied(here, crash * 400 + 100)
      await own.kill('SIGKILL')
      await met(here, 'store-unavailable', crash + 1)
      await own.restart()
    }
    await here.send(bodies.slice(crashes * 400))
    await here.settled(limitMs(60_000))
    await crew.stop()
    await report(database, `${crashes} crashes`, here, bodies, ['SEMEL_STORE_UNAVAILABLE'])
  })

  test(`${database.name}: sessions ended by an administrator lose and repeat nothing`, async (t) => {
    const found = await serverFor(t, database.server)
    if (found === undefined) return
    const { seed, draw } = seedOfThisRun()
    const ended = size(6, 100)
    const here = await placeIn(t, database, found.url)
    const bodies = bodiesOf(200 * ended)
    const crew = keepRunning(here, processes, options)
    await met(here, 'started', processes)
    let sessions = 0
    for (let round = 0; round < ended; round++) {
      await here.send(bodies.slice(round * 200, (round + 1) * 200))
      await applied(here, round * 100)
      await pause(below(40, draw))
      sessions += await database.endSessions(here.at)
    }
    await here.settled(limitMs(60_000))
    await crew.stop()
    const what = `${sessions} sessions ended, seed ${seed}`
    await report(database, what, here, bodies, interrupted)
  })

  test(`${database.name}: a server that becomes read-only is waited for`, async (t) => {
    const own = await ownServerFor(t, database.server)
    if (own?.readOnly === undefined) return
    const here = await placeIn(t, database, own.url, { own: true })
    const bodies = bodiesOf(600)
    const crew = keepRunning(here, processes, options)
    await met(here, 'started', processes)
    await here.send(bodies.slice(0, 300))
    await applied(here, 10)
    await own.restart(own.readOnly)
    await here.send(bodies.slice(300))
    await met(here, 'SEMEL_STORE_READ_ONLY')
    await own.restart()
    await here.settled(limitMs(60_000))
    await crew.stop()
    await report(database, 'read-only', here, bodies, ['SEMEL_STORE_READ_ONLY'])
  })
}

function bodiesOf(messages: number): readonly Body[] {
  return Array.from({ length: messages }, (_, at) => ({ id: `m${at}`, rows: [at % counters] }))
}

function applied(here: Place, times: number): Promise<void> {
  return met(here, 'applied', times)
}

async function met(here: Place, what: string, times = 1): Promise<void> {
  await until(
    () => (here.counted[what] ?? 0) >= times,
    () => `${times} ${what}: ${JSON.stringify(here.counted)}`,
    limitMs(30_000),
  )
}

async function report(
  { name }: Database,
  what: string,
  here: Place,
  bodies: readonly Body[],
  /** One of these at least. */
  rare: readonly string[],
): Promise<void> {
  const effects = await here.balance(bodies)
  console.log(`  ${name}, ${what}: ${effects} effects, ${JSON.stringify(here.counted)}`)
  const happened = rare.filter((event) => here.counted[event] !== undefined)
  assert.ok(happened.length > 0, `none of ${rare.join()} happened: this proves nothing`)
}
