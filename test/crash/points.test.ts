import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { sqliteSource } from 'semel/sqlite'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { type FaultPoint, type PortCall, portCalls } from '../../src/testing/faults.ts'
import { type Body, group, type Limits, topic } from './given.ts'
import { holdMs, type Place, place } from './kit.ts'
import { until } from './until.ts'

/** How the consumer is brought to make a call. Without one, the messages of every case are enough. */
interface Scene {
  readonly bodies?: readonly Body[]
  readonly arrange?: (here: Place) => Promise<void>
  readonly options?: Limits
  readonly never?: string
}

const attemptsMax = 4
/** So that a scene can claim a key without its message. */
const usual: Limits = { attemptsMax, fingerprint: 'off' }
const everyday: readonly Body[] = [
  { id: 'one' },
  { id: 'two' },
  { id: 'fails once', failures: 1 },
  { id: 'fails twice', failures: 2 },
  { id: 'three' },
]

const scenes: Readonly<Partial<Record<PortCall, Scene>>> = {
  renew: { never: 'no handler over SQLite waits, so no lease lives long enough to be renewed' },
  hold: { options: { ratePerSecondMax: 8 } },
  // written by a batch of one alone
  insert: { options: { batchMax: 1 } },
  read: { arrange: deliverOnce },
  release: { arrange: deliverOnce },
  nack: { bodies: [{ id: 'held' }], arrange: holdKey },
  bury: { bodies: [{ id: 'exhausted' }], arrange: exhaust },
}

suite('a consumer that is killed', { concurrency: 2 }, () => {
  for (const call of portCalls)
    for (const side of ['before', 'after'] as const) {
      const point: FaultPoint = `${side} ${call}`
      const scene = scenes[call] ?? {}
      if (scene.never !== undefined) continue
      test(`${point} leaves every message with exactly one effect`, (t) => killAt(t, point, scene))
    }
})

async function killAt(t: TestContext, point: FaultPoint, scene: Scene): Promise<void> {
  const here = place(t)
  const bodies = [...everyday, ...(scene.bodies ?? [])]
  await here.send([...bodies, ...everyday.slice(0, 2)])
  await scene.arrange?.(here)
  const victim = here.start({ ...usual, ...scene.options }, point)
  assert.equal(
    await Promise.race([victim.standAt(point), tooLate()]),
    'standing',
    `${point} was not reached`,
  )
  await victim.kill()

  const survivor = here.start(usual)
  await until(
    async () => (await open(here)) === 0,
    () => `only ${here.ledger().join()}`,
    20_000,
  )
  await survivor.stop(3_000)
  const applied = bodies.filter(({ id }) => id !== 'exhausted').map(({ id }) => id)
  assert.deepEqual(here.ledger().toSorted(), applied.toSorted())
}

/** Messages in the queue, and records that are neither completed nor dead. */
async function open(here: Place): Promise<number> {
  const records = [...(await here.records()).values()]
  const settled = records.filter(({ state }) => state === 'completed' || state === 'dead')
  return (await here.waiting()) + records.length - settled.length
}

function tooLate(): Promise<'late'> {
  return new Promise((resolve) => setTimeout(resolve, 15_000, 'late').unref())
}

/** Somebody pulled them and went away: they come again, marked as redelivered. */
async function deliverOnce({ file }: Place): Promise<void> {
  const source = sqliteSource(file, { topic, holdMs })
  await source.open({ group, instance: undefined })
  await source.pull(10, AbortSignal.timeout(1_000))
  await source.close()
}

/** Somebody else holds the key for a while. */
async function holdKey(here: Place): Promise<void> {
  await claim(here, 'held', 2_500)
}

/** Somebody died of it, alone, as often as is allowed. */
async function exhaust(here: Place): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++)
    await until(
      () => claim(here, 'exhausted', 1),
      () => `attempt ${attempt} is not granted`,
      1_000,
    )
}

async function claim({ store }: Place, id: string, leaseMs: number): Promise<boolean> {
  const identity = identityOf(encodeScope({ group, keyspace: topic }), id)
  const claimId = new Uint8Array(randomBytes(16))
  const request = {
    ...identity,
    fingerprint: noFingerprint,
    claimId,
    alone: true,
    by: 'delivery',
  } as const
  await store.prepare()
  const [answer] = await store.leases.claim([request], { leaseMs, attemptsMax })
  return answer?.kind === 'granted'
}
