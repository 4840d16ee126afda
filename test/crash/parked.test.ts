import assert from 'node:assert/strict'
import test from 'node:test'
import { type Body, place } from './kit.ts'
import { until } from './until.ts'

const failing = Array.from(
  { length: 10 },
  (_, at): Body => ({ id: `m${at}`, failures: 1 + (at % 3) }),
)
const steps = [
  'after insert',
  'after due',
  'after claim',
  'after handler',
  'after settle',
  'before commit',
]

test('parked messages are tried again across kills, each until it takes effect once', async (t) => {
  const here = place(t)
  await here.send(failing)
  let stood = 0
  for (let kill = 0; kill < steps.length * 3; kill++) {
    const child = here.start()
    const at = steps[kill % steps.length] ?? ''
    const limit = new Promise<'late'>((resolve) => setTimeout(resolve, 2_000, 'late'))
    if ((await Promise.race([child.standAt(at), limit])) === 'standing') stood++
    await child.kill()
  }
  const last = here.start()
  const done = async (): Promise<boolean> =>
    [...(await here.records()).values()].filter(({ state }) => state === 'completed').length ===
    failing.length
  await until(done, () => `only ${here.ledger().join()}`, 10_000)
  await last.stop(3_000)

  assert.deepEqual(here.ledger().toSorted(), failing.map(({ id }) => id).toSorted())
  assert.ok(stood >= steps.length, `only ${stood} of ${steps.length * 3} kills were at their point`)
  const attempts = [...(await here.records()).values()].map(({ attempts }) => attempts)
  assert.ok(Math.max(...attempts) >= 3, 'nothing was tried three times')
})
