import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { below } from '../../../src/cli/demo/random.ts'
import { serverFor } from '../../servers/server.ts'
import { keepRunning } from '../crew.ts'
import { holdMs } from '../kit.ts'
import { databases } from './database.ts'
import { counters } from './kinds.ts'
import type { Body } from './given.ts'
import { placeIn } from './place.ts'
import { limitMs, seedOfThisRun, size } from './sizes.ts'

const processes = 4
/** Sent before anybody is killed, so that there is a full batch to kill in. */
const ahead = 600
const perKill = 40
const rare = ['applied', 'duplicate', 'parked', 'claimed alone'] as const

for (const database of databases) {
  const kills = size(12, 40, database.share)
  test(`${database.name}: ${kills} random kills of ${processes} consumers lose nothing, repeat nothing, and leave nothing stuck`, async (t) => {
    const found = await serverFor(t, database.server)
    if (found === undefined) return
    const { seed, draw, hint } = seedOfThisRun()
    const here = await placeIn(t, database, found.url, { holdMs })
    const bodies = Array.from({ length: ahead + kills * perKill }, (_, at): Body => {
      const body = { id: `m${at}`, rows: [below(counters, draw)] }
      return draw() < 0.1 ? { ...body, failures: 1 + below(2, draw) } : body
    })
    await here.send(bodies.slice(0, ahead))
    const crew = keepRunning(here, processes, { leaseMs: 1_000, prefetchMax: 100 })
    for (let killed = 0; killed < kills; killed++) {
      const some = bodies.slice(ahead + killed * perKill).slice(0, perKill)
      await here.send([...some, ...some.filter(() => draw() < 0.2)])
      await pause(below(200, draw))
      await crew.killOne(draw)
    }
    await here.settled(limitMs(60_000))
    await crew.stop()
    const effects = await here.balance(bodies, hint)
    console.log(
      `  ${database.name}, seed ${seed}: ${kills} kills, ${effects} effects, ${JSON.stringify(here.counted)}`,
    )
    for (const name of rare)
      assert.ok(here.counted[name], `"${name}" never happened: this proves nothing`)
  })
}
