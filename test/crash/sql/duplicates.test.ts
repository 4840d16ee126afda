// The same messages again and again, by two topics at once, to consumers in several processes that all write the same
// few rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverFor } from '../../servers/server.ts'
import { keepRunning } from '../crew.ts'
import { databases } from './database.ts'
import { counters } from './kinds.ts'
import type { Body } from './given.ts'
import { placeIn } from './place.ts'
import { limitMs, seedOfThisRun, shuffled, size } from './sizes.ts'

/** Of each message; one more by the first topic than by the second. */
const copies = { orders: 3, 'orders-again': 2 }
const processes = 4
const topics = Object.keys(copies)
/** At most so many a chunk: what is sent is stored as a whole. */
const chunk = 5_000

for (const database of databases) {
  const messages = size(2_000, 20_000, database.share)
  test(`${database.name}: ${messages * 5} deliveries of ${messages} messages to 8 consumers in 4 processes have ${messages} effects`, async (t) => {
    const found = await serverFor(t, database.server)
    if (found === undefined) return
    const { seed, draw, hint } = seedOfThisRun()
    const here = await placeIn(t, database, found.url, { topics })
    const bodies = Array.from(
      { length: messages },
      (_, at): Body => ({ id: `m${at}`, rows: [at % counters] }),
    )
    for (const [topic, times] of Object.entries(copies)) {
      const all = shuffled(Array.from({ length: times }, () => bodies).flat(), draw)
      for (let from = 0; from < all.length; from += chunk)
        await here.send(all.slice(from, from + chunk), topic)
    }
    const beganMs = performance.now()
    const crew = keepRunning(here, processes, { leaseMs: 10_000, heldWaitMs: 1_000 })
    await here.settled(limitMs(90_000))
    const seconds = (performance.now() - beganMs) / 1_000
    await crew.stop()
    const effects = await here.balance(bodies, hint)
    const perSecond = Math.round((messages * 5) / seconds)
    console.log(
      `  ${database.name}, seed ${seed}: ${effects} effects, ${perSecond} deliveries a second, ${JSON.stringify(here.counted)}`,
    )
    for (const name of ['applied', 'duplicate', 'held'])
      assert.ok(here.counted[name], `"${name}" never happened: this proves nothing`)
  })
}
