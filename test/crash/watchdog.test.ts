import assert from 'node:assert/strict'
import test from 'node:test'
import { keepRunning } from './crew.ts'
import { place } from './kit.ts'
import { until } from './until.ts'

const attemptsMax = 2

test('a handler that blocks the main loop ends its process, and in the end its message is dead', async (t) => {
  const here = place(t)
  await here.send([{ id: 'before' }, { id: 'blocks', blocks: true }, { id: 'behind' }])
  const crew = keepRunning(here, 1, { attemptsMax, watchdog: true })
  const state = async (): Promise<string | undefined> => (await here.records()).get('blocks')?.state
  await until(
    async () => (await state()) === 'dead',
    () => 'it is not dead',
    30_000,
  )
  await until(
    async () => (await here.waiting()) === 0,
    () => 'the queue is not empty',
    20_000,
  )
  await crew.stop()

  assert.deepEqual(here.ledger().toSorted(), ['before', 'behind'])
  assert.ok(crew.deaths() >= attemptsMax, `it ended only ${crew.deaths()} processes`)
  assert.match(crew.said(), /the main loop was silent/)
})
