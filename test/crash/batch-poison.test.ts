import assert from 'node:assert/strict'
import test from 'node:test'
import { keepRunning } from './crew.ts'
import type { Body } from './given.ts'
import { type Place, place } from './kit.ts'
import { until } from './until.ts'

const attemptsMax = 3
/** As many as it takes for the window to be wide and a batch to be full when the killer comes. */
const ids = Array.from({ length: 1_200 }, (_, at) => `healthy-${at}`)

async function dead(here: Place): Promise<readonly string[]> {
  const records = [...(await here.records())]
  return records.filter(([, { state }]) => state === 'dead').map(([key]) => key)
}

async function endsDead(here: Place, deaths: () => number): Promise<void> {
  const settled = async (): Promise<number> => {
    const records = [...(await here.records()).values()]
    return records.filter(({ state }) => state === 'completed' || state === 'dead').length
  }
  await until(
    async () => (await settled()) === ids.length + 1 && (await here.waiting()) === 0,
    () => `only ${here.ledger().length} effects`,
    60_000,
  )
  assert.deepEqual(await dead(here), ['poison'])
  assert.deepEqual(here.ledger().toSorted(), ids.toSorted())
  assert.ok(deaths() >= attemptsMax, `it killed only ${deaths()} times`)
}

test('a message that kills its process in the middle of a full batch ends dead, and none of its batch with it', async (t) => {
  const here = place(t)
  const bodies = ids.map((id): Body => ({ id }))
  await here.send([
    ...bodies.slice(0, 1_000),
    { id: 'poison', kills: 'handler' },
    ...bodies.slice(1_000),
  ])
  const crew = keepRunning(here, 1, { attemptsMax })
  await endsDead(here, crew.deaths)
  await crew.stop()
})

test('a parked message that kills its process among hundreds of parked ones ends dead, and none of them with it', async (t) => {
  const here = place(t)
  const bodies = ids.map((id): Body => ({ id, failures: 1 }))
  const poison: Body = { id: 'poison', kills: 'handler', failures: 1 }
  await here.send([...bodies.slice(0, 600), poison, ...bodies.slice(600)])
  // All fail once first, and are due together.
  const crew = keepRunning(here, 1, { attemptsMax, retryDelayMs: 500, retryDelayMsMax: 500 })
  await endsDead(here, crew.deaths)
  await crew.stop()
})
