import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Body } from './given.ts'
import { type Place, place } from './kit.ts'
import { until } from './until.ts'

const steps = [
  'after insert',
  'after due',
  'after claim',
  'after handler',
  'after settle',
  'before commit',
]
const rounds = 3

test('parked messages are tried again across kills, each until it takes effect once', async (t) => {
  const here = place(t)
  const sent: string[] = []
  for (const step of Array.from({ length: rounds }, () => steps).flat()) {
    const some = failing(sent.length)
    await here.send(some)
    sent.push(...some.map(({ id }) => id))
    const child = here.start({}, step)
    const late = pause(15_000, 'late', { ref: false })
    assert.equal(
      await Promise.race([child.standAt(step), late]),
      'standing',
      `${step} was not reached`,
    )
    await child.kill()
  }
  const last = here.start()
  await until(
    () => allCompleted(here, sent.length),
    () => `only ${here.ledger().join()}`,
    20_000,
  )
  await last.stop(3_000)

  assert.deepEqual(here.ledger().toSorted(), sent.toSorted())
  const attempts = [...(await here.records()).values()].map((record) => record.attempts)
  assert.ok(Math.max(...attempts) > 3, 'nothing was tried more than three times')
})

function failing(from: number): readonly Body[] {
  return [1, 2, 3].map((failures) => ({ id: `m${from + failures}`, failures }))
}

async function allCompleted(here: Place, messages: number): Promise<boolean> {
  const records = [...(await here.records()).values()]
  return records.filter(({ state }) => state === 'completed').length === messages
}
