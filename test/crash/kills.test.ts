import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from '../../src/cli/demo/children.ts'
import { below, type Draw, pick, seeded } from '../../src/cli/demo/random.ts'
import type { Body } from './given.ts'
import { type Place, place } from './kit.ts'
import { until } from './until.ts'

const kills = 200
const processes = 4
const perKill = 12
const rare = ['applied', 'duplicate', 'parked', 'claimed', 'claimed alone', 'started'] as const

test('200 random kills of 4 consumers lose nothing, repeat nothing, and leave nothing stuck', async (t) => {
  const seed = Number(process.env['SEMEL_SEED'] ?? randomInt(2 ** 32))
  const draw = seeded(seed)
  const here = place(t)
  const crew = Array.from({ length: processes }, () => here.start())
  const sent: string[] = []

  for (let killed = 0; killed < kills; killed++) {
    const bodies = Array.from({ length: perKill }, (_, at): Body => {
      const id = `m${sent.length + at}`
      return draw() < 0.15 ? { id, failures: 1 + below(2, draw) } : { id }
    })
    sent.push(...bodies.map(({ id }) => id))
    const copies = bodies.filter(() => draw() < 0.2)
    await here.send([...bodies, ...copies])
    const victim = await someConsuming(here, crew, draw)
    await pause(below(100, draw))
    await victim.kill()
    crew.splice(crew.indexOf(victim), 1, here.start())
  }
  await settled(here, sent.length)

  const ledger = here.ledger()
  const lost = sent.filter((id) => !ledger.includes(id))
  const twice = ledger.filter((id, at) => ledger.indexOf(id) !== at)
  console.log(
    `  seed ${seed}: ${kills} kills, ${sent.length} messages, ${JSON.stringify(here.counted)}`,
  )
  assert.deepEqual({ lost, twice }, { lost: [], twice: [] }, `repeat with SEMEL_SEED=${seed}`)
  for (const name of rare)
    assert.ok(here.counted[name], `"${name}" never happened: this proves nothing`)
})

/** One that has just been started has nothing yet that a kill could harm. */
async function someConsuming(here: Place, crew: readonly Child[], draw: Draw): Promise<Child> {
  const consuming = (): readonly Child[] => crew.filter((child) => here.isConsuming(child))
  await until(
    () => consuming().length > 0,
    () => 'no consumer has started',
    15_000,
  )
  return pick(consuming(), draw) as Child
}

/** Nothing waits in the queue, nothing is parked or leased. */
async function settled(here: Place, messages: number): Promise<void> {
  const open = async (): Promise<number> => {
    const records = [...(await here.records()).values()]
    const done = records.filter(({ state }) => state === 'completed')
    return (await here.waiting()) + messages - done.length
  }
  let left = 0
  const drained = async (): Promise<boolean> => {
    left = await open()
    return left === 0
  }
  await until(drained, () => `${left} messages or records are stuck`, 20_000)
}
