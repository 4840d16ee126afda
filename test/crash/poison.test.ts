import assert from 'node:assert/strict'
import test from 'node:test'
import { keepRunning } from './crew.ts'
import type { Body } from './given.ts'
import { type Place, place } from './kit.ts'
import { until } from './until.ts'

const attemptsMax = 3
const healthy = Array.from({ length: 40 }, (_, at): Body => ({ id: `healthy-${at}` }))
const options = { attemptsMax, concurrency: 8 }

const poisons: readonly { readonly where: string; readonly body: Body }[] = [
  { where: 'its handler', body: { id: 'poison', kills: 'handler' } },
  { where: 'its decoder', body: { id: 'poison', kills: 'decoder' } },
]

for (const { where, body } of poisons)
  test(`a message that kills its process in ${where} ends dead, and no healthy one with it`, async (t) => {
    const here = place(t)
    await here.send([...healthy.slice(0, 20), body, ...healthy.slice(20)])
    const crew = keepRunning(here, 2, options)
    await until(
      async () => (await dead(here)).length > 0,
      () => 'it is not dead',
      30_000,
    )
    await until(
      async () => (await here.waiting()) === 0,
      () => 'the queue is not empty',
      20_000,
    )
    await crew.stop()

    assert.deepEqual(await dead(here), ['crashed'])
    assert.deepEqual(here.ledger().toSorted(), healthy.map(({ id }) => id).toSorted())
    // At first with others in flight, when nothing is counted; then alone, counted each time (P15).
    assert.ok(crew.deaths() >= attemptsMax, `it killed only ${crew.deaths()} times`)
    assert.ok(crew.deaths() <= attemptsMax + 3, `it killed ${crew.deaths()} times`)
    assert.ok(here.counted['applied'], 'the children told nothing')
  })

async function dead(here: Place): Promise<readonly (string | undefined)[]> {
  const records = [...(await here.records()).values()]
  return records.filter(({ state }) => state === 'dead').map(({ reason }) => reason)
}
