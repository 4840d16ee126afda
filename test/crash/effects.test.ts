import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from '../../src/cli/demo/children.ts'
import { below, type Draw, pick, seeded } from '../../src/cli/demo/random.ts'
import type { Kind } from './effects-worker.ts'
import { gatewayPlace, type GatewayPlace } from './effects-kit.ts'
import { until } from './until.ts'

const points = [
  'before intent',
  'after intent',
  'after call',
  'after result',
  'before commit',
  'after commit',
] as const
type Point = (typeof points)[number]

/** How often it takes effect in all, and how its message ends. */
type End = readonly [times: number, state: 'completed' | 'dead']
const once: End = [1, 'completed']
/** Renewed in time also under load, and over soon enough for the next one. */
const shortMs = 700

/** What each kind promises; everywhere else it is once. */
const ends: Readonly<Record<Kind, Readonly<Partial<Record<Point, End>>>>> = {
  charge: {},
  ship: {},
  mail: { 'after call': [2, 'completed'] },
  siren: { 'after intent': [0, 'dead'], 'after call': [1, 'dead'] },
}

suite('a consumer with effects elsewhere that is killed', { concurrency: 2 }, () => {
  for (const kind of Object.keys(ends) as Kind[])
    for (const point of points) {
      const end = ends[kind][point] ?? once
      test(`${point} of ${kind}: ${end[0]} × in all, and ${end[1]}`, (t) =>
        killAt(t, kind, point, end))
    }
})

async function killAt(
  t: TestContext,
  kind: Kind,
  point: Point,
  [times, state]: End,
): Promise<void> {
  const here = await gatewayPlace(t)
  await here.sendCalls([{ id: 'A-17', calls: [kind] }])
  await killStanding(here.startWorker(point, shortMs), point)
  const survivor = here.startWorker()
  await settled(here, 1)
  await survivor.stop(3_000)

  const record = (await here.records()).get('A-17')
  assert.deepEqual(
    [record?.state, record?.reason],
    [state, state === 'dead' ? 'uncertain' : undefined],
  )
  assert.equal((await here.happened()).get('A-17')?.[kind] ?? 0, times)
  assert.deepEqual(here.ledger(), state === 'completed' ? ['A-17'] : [])
  const steps = record === undefined ? [] : await here.store.steps.read(record)
  assert.deepEqual(
    steps.map(({ done }) => done),
    state === 'dead' ? [false] : [],
  )
}

const order: readonly Kind[] = ['charge', 'ship', 'siren', 'mail']
/** Kills where a doubt is left, and then at any moment. */
const doubts = order.flatMap((kind) => [`${kind} after intent`, `${kind} after call`])
const kills = 16
const perKill = 4

test('across random kills nothing is charged or shipped twice, and no siren sounds twice', async (t) => {
  const seed = Number(process.env['SEMEL_SEED'] ?? randomInt(2 ** 32))
  const draw = seeded(seed)
  const here = await gatewayPlace(t)
  const sent: string[] = []
  async function sendSome(): Promise<void> {
    const some = Array.from({ length: perKill }, (_, at) => ({
      id: `m${sent.length + at}`,
      calls: order,
    }))
    sent.push(...some.map(({ id }) => id))
    await here.sendCalls(some)
  }
  for (const point of doubts) {
    await sendSome()
    await killStanding(here.startWorker(point, shortMs), point)
  }
  const crew = [here.startWorker('', shortMs), here.startWorker('', shortMs)]
  for (let killed = 0; killed < kills; killed++) {
    const victim = await someConsuming(here, crew, draw)
    await sendSome()
    await pause(below(60, draw))
    await victim.kill()
    crew.splice(crew.indexOf(victim), 1, here.startWorker('', shortMs))
  }
  await settled(here, sent.length)
  await Promise.all(crew.map((child) => child.stop(3_000)))

  const happened = await here.happened()
  const records = await here.records()
  const found = sent.map((id) => ({ id, record: records.get(id), did: happened.get(id) ?? {} }))
  const done = found.filter(({ record }) => record?.state === 'completed')
  const doubtful = found.filter(({ record }) => record?.state !== 'completed')
  const mailedTwice = done.filter(({ did }) => (did.mail ?? 0) > 1).length
  console.log(
    `  seed ${seed}: ${doubts.length + kills} kills, ${sent.length} messages, ${doubtful.length} uncertain, ${mailedTwice} mailed more than once`,
  )
  for (const { id, record, did } of found) {
    const { charge = 0, ship = 0, siren = 0, mail = 0 } = did
    const wholly = record?.state === 'completed'
    const what = `${id} is ${record?.state} ${record?.reason}: ${JSON.stringify(did)}; repeat with SEMEL_SEED=${seed}`
    assert.deepEqual([charge, ship], [1, 1], what)
    assert.ok(
      wholly
        ? siren === 1 && mail >= 1
        : record?.reason === 'uncertain' && siren <= 1 && mail === 0,
      what,
    )
  }
  assert.deepEqual(here.ledger().toSorted(), done.map(({ id }) => id).toSorted())
  assert.ok(doubtful.length > 0 && mailedTwice > 0, 'there was never a doubt: this proves nothing')
})

async function killStanding(victim: Child, point: string): Promise<void> {
  const late = pause(15_000, 'late', { ref: false })
  const stands = await Promise.race([victim.standAt(point), late])
  assert.equal(stands, 'standing', `${point} was not reached`)
  await victim.kill()
}

async function someConsuming(
  here: GatewayPlace,
  crew: readonly Child[],
  draw: Draw,
): Promise<Child> {
  const consuming = (): readonly Child[] => crew.filter((child) => here.isConsuming(child))
  await until(
    () => consuming().length > 0,
    () => 'no consumer has started',
    15_000,
  )
  return pick(consuming(), draw) as Child
}

async function settled(here: GatewayPlace, sent: number): Promise<void> {
  await until(
    async () => (await here.unsettled(sent)) === 0,
    () => `only ${here.ledger().join()}`,
    40_000,
  )
}
