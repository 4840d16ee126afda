// Handlers that write several rows in whatever order they come: every two of them may deadlock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverFor } from '../../servers/server.ts'
import { keepRunning } from '../crew.ts'
import { databases } from './database.ts'
import { counters } from './kinds.ts'
import type { Body } from './given.ts'
import { placeIn } from './place.ts'
import { limitMs, seedOfThisRun, shuffled, size } from './sizes.ts'

const rows = Array.from({ length: counters }, (_, at) => at)
const rowsEach = 3
const processes = 4
/** Starts of a handler per message, those included that met somebody else. */
const startsMax = 10

for (const database of databases) {
  const messages = size(300, 4_000, database.share)
  test(`${database.name}: ${messages} handlers with ${rowsEach} of ${rows.length} rows in any order have one effect each`, async (t) => {
    const found = await serverFor(t, database.server)
    if (found === undefined) return
    const { seed, draw, hint } = seedOfThisRun()
    const here = await placeIn(t, database, found.url)
    const bodies = Array.from(
      { length: messages },
      (_, at): Body => ({ id: `m${at}`, rows: shuffled(rows, draw).slice(0, rowsEach) }),
    )
    await here.send(bodies)
    const beganMs = performance.now()
    const crew = keepRunning(here, processes, { leaseMs: 10_000 })
    await here.settled(limitMs(90_000))
    const seconds = (performance.now() - beganMs) / 1_000
    await crew.stop()
    const effects = await here.balance(bodies, hint)
    const { performed = 0, failed = 0, SEMEL_STORE_CONTENDED: contended } = here.counted
    console.log(
      `  ${database.name}, seed ${seed}: ${effects} effects, ${Math.round(effects / seconds)} a second, ${(performed / effects).toFixed(1)} starts each, ${JSON.stringify(here.counted)}`,
    )
    assert.ok(contended, 'nobody met anybody: this proves nothing')
    assert.equal(failed, 0, 'who meets somebody else has not failed')
    assert.ok(performed <= startsMax * messages, `${performed} starts of ${messages} handlers`)
  })
}
