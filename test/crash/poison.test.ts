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

test('messages on their last attempt beside those that kill their process are not buried with them', async (t) => {
  const here = place(t)
  // All are parked, and meet in their third attempt, which is the last.
  const failures = attemptsMax - 1
  const innocents = healthy.map((body) => ({ ...body, failures }))
  const poisons = [1, 2, 3].map((at): Body => ({ id: `poison-${at}`, failures, kills: 'handler' }))
  await here.send([...innocents.slice(0, 20), ...poisons, ...innocents.slice(20)])
  const crew = keepRunning(here, 2, { ...options, parkedPollMs: 100 })
  await until(
    async () => (await dead(here)).length >= poisons.length,
    () => 'they are not dead',
    30_000,
  )
  await until(
    () => here.ledger().length >= innocents.length,
    () => here.ledger().join(),
    20_000,
  )
  await crew.stop()

  assert.deepEqual(await dead(here), ['crashed', 'crashed', 'crashed'])
  assert.deepEqual(here.ledger().toSorted(), innocents.map(({ id }) => id).toSorted())
  const hit = [...(await here.records()).values()].filter(
    ({ state, alone }) => state === 'completed' && alone,
  )
  assert.ok(hit.length > 0, 'nobody was in flight beside them: this proves nothing')
})

async function dead(here: Place): Promise<readonly (string | undefined)[]> {
  const records = [...(await here.records()).values()]
  return records.filter(({ state }) => state === 'dead').map(({ reason }) => reason)
}
