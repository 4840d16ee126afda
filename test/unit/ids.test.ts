import assert from 'node:assert/strict'
import test, { mock, type TestContext } from 'node:test'
import fc from 'fast-check'
import { isSemelError, type Store } from 'semel'
import { type IdGenerator, type SnowflakeIds, snowflakeIds, ulidIds, uuidv7Ids } from 'semel/ids'
import { memoryStore } from 'semel/memory'
import { manualClock } from 'semel/testing'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { mint } from '../../src/ids/mint.ts'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { readableKey } from '../../src/inbox/key.ts'
import { until } from './sqlite-kit.ts'

const million = 1_000_000

async function opened(
  t: TestContext,
  store: Store = memoryStore(),
  options: Parameters<typeof snowflakeIds>[1] = {},
): Promise<SnowflakeIds> {
  const ids = await snowflakeIds(store, options)
  t.after(() => ids.close())
  return ids
}

/** Greater each time: then no two are equal either. */
function rises(ids: IdGenerator<string | bigint>, times: number): void {
  let last = ids.next()
  for (let made = 1; made < times; made++) {
    const id = ids.next()
    if (id <= last) assert.fail(`${id} came after ${last}`)
    last = id
  }
}

const workerOf = (id: bigint): number => Number((id >> 12n) & 1_023n)
const msOf = (id: bigint): number => Number(id >> 22n) + 1_735_689_600_000
const refusedId = (error: unknown): boolean => isSemelError(error, 'SEMEL_ID_REFUSED')

for (const [name, make] of [
  ['UUIDv7', uuidv7Ids],
  ['ULID', ulidIds],
] as const) {
  test(`a million ids of ${name} are different and in order`, () => rises(make(), million))

  test(`${name} keeps the order when the clock steps back an hour`, (t) => {
    t.after(() => mock.timers.reset())
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    const ids = make()
    const before = ids.next()
    mock.timers.setTime(1_800_000_000_000 - 3_600_000)
    assert.ok(ids.next() > before)
    rises(ids, 1_000)
  })
}

test('ids have the form that their name promises', async (t) => {
  assert.match(
    uuidv7Ids().next(),
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  assert.match(ulidIds().next(), /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
  const id = (await opened(t)).next()
  assert.ok(typeof id === 'bigint' && id > 0n && id < 2n ** 63n)
})

test('a million snowflakes are different and in order', async (t) =>
  rises(await opened(t), million))

test('more ids than a millisecond has are made ahead of the clock, up to the end of the span', () => {
  const ids = mint()
  const storeMs = manualClock().nowMs()
  const atMs = performance.now() + 10_000
  ids.use({ worker: 3, storeMs: storeMs + 20_000, atMs, belowMs: storeMs + 60_000 })
  const first = ids.next()
  // The clock stepped back: everything falls into the last millisecond.
  const belowMs = msOf(first) + 10
  ids.use({ worker: 3, storeMs, atMs, belowMs })
  rises(ids, 10 * 4_096 - 1)
  assert.equal(ids.usedMs(), belowMs - 1)
  assert.throws(() => ids.next(), refusedId)
})

test('a smaller number goes on with greater ids', () => {
  const ids = mint()
  const span = {
    storeMs: manualClock().nowMs(),
    atMs: performance.now() + 10_000,
    belowMs: 2 ** 41,
  }
  ids.use({ ...span, worker: 3, storeMs: span.storeMs + 1_000 })
  const before = ids.next()
  ids.use({ ...span, worker: 2 })
  assert.ok(ids.next() > before)
})

test('a snowflake names a time of the store, never that of the process', async (t) => {
  const clock = manualClock()
  const ids = await opened(t, memoryStore({ clock }))
  const ms = msOf(ids.next())
  assert.ok(ms >= clock.nowMs() && ms < clock.nowMs() + 5_000, `${ms}`)
})

test('of all generators of one store no two have one number', async (t) => {
  const store = memoryStore()
  const all = await Promise.all(Array.from({ length: 100 }, () => opened(t, store)))
  assert.equal(new Set(all.map((ids) => workerOf(ids.next()))).size, 100)
})

/** Takes every number but those, as workers do. */
async function takeNumbers(store: Store, but: readonly number[]): Promise<void> {
  const scope = encodeScope({ group: 'semel.ids', keyspace: 'snowflake' })
  const requests = Array.from({ length: 1_024 }, (_, worker) => worker)
    .filter((worker) => !but.includes(worker))
    .map((worker) => ({
      ...identityOf(scope, worker),
      fingerprint: noFingerprint,
      claimId: Uint8Array.of(worker & 255, worker >> 8),
      alone: false,
      by: 'run' as const,
    }))
  for (const claim of await store.leases.claim(requests, { leaseMs: 60_000, attemptsMax: 16 }))
    assert.equal(claim.kind, 'granted')
}

test('the last free number is found; when none is left that is said, with when to ask again', async (t) => {
  const store = memoryStore()
  await takeNumbers(store, [77])
  const ids = await opened(t, store)
  assert.equal(workerOf(ids.next()), 77)
  await assert.rejects(snowflakeIds(store), (error) => {
    assert.ok(isSemelError(error, 'SEMEL_ID_NUMBERS_USED'))
    assert.ok((error.retryAfterMs ?? 0) > 0 && (error.retryAfterMs ?? 0) <= 60_000)
    return true
  })
})

test('a number that was given back rests, then it is given again, for later times only', async (t) => {
  const clock = manualClock()
  const store = memoryStore({ clock })
  await takeNumbers(store, [5])
  const first = await snowflakeIds(store, { leaseMs: 3_000 })
  // More than a millisecond has sequence numbers: the ids run ahead of the clock.
  for (let made = 0; made < 20 * 4_096; made++) first.next()
  const last = first.next()
  await first.close()
  assert.throws(() => first.next(), refusedId)
  await assert.rejects(snowflakeIds(store), (error) => isSemelError(error, 'SEMEL_ID_NUMBERS_USED'))
  clock.pass(msOf(last) + 1 + 1_000 - clock.nowMs() + 5)
  const second = await opened(t, store, { leaseMs: 3_000 })
  assert.ok(second.next() > last)
})

test('across a restart the store goes back in time, and no id is made again', async (t) => {
  let stepMs = 0
  const clock = manualClock()
  const store = memoryStore({ clock: { nowMs: () => clock.nowMs() - stepMs } })
  await takeNumbers(store, [5])
  const first = await snowflakeIds(store, { leaseMs: 3_000 })
  const last = first.next()
  await first.close()
  stepMs = 3_600_000
  await assert.rejects(snowflakeIds(store), (error) => isSemelError(error, 'SEMEL_ID_NUMBERS_USED'))
  clock.pass(3_600_000 + 2_000)
  const second = await opened(t, store, { leaseMs: 3_000 })
  assert.ok(second.next() > last)
})

test('who was killed keeps the number until the lease has ended, and the next one begins behind it', async (t) => {
  const clock = manualClock()
  const store = memoryStore({ clock })
  await takeNumbers(store, [5])
  const grantedMs = clock.nowMs()
  // Never closed, as if killed: its renewals stand still with the clock of this store.
  const killed = await opened(t, store, { leaseMs: 30_000 })
  const last = killed.next()
  clock.pass(29_999)
  await assert.rejects(snowflakeIds(store), (error) => isSemelError(error, 'SEMEL_ID_NUMBERS_USED'))
  clock.pass(1)
  const next = await opened(t, store)
  const id = next.next()
  assert.ok(id > last)
  assert.equal(workerOf(id), 5)
  assert.ok(msOf(id) >= grantedMs + 30_000)
})

test('a clock that steps back a little during work is not seen in the ids', async (t) => {
  let stepMs = 0
  const clock = manualClock()
  const store = memoryStore({ clock: { nowMs: () => clock.nowMs() + performance.now() - stepMs } })
  const ids = await opened(t, store, { leaseMs: 600 })
  const before = ids.next()
  stepMs = 100
  await renewals(store, 2)
  assert.ok(ids.next() > before)
  rises(ids, 10_000)
})

test('a clock that steps back far makes next() refuse until it has caught up; the number waits, too', async (t) => {
  let stepMs = 0
  const startMs = manualClock().nowMs()
  const store = memoryStore({ clock: { nowMs: () => startMs + performance.now() - stepMs } })
  const ids = await opened(t, store, { leaseMs: 300 })
  const before = ids.next()
  stepMs = 60_000
  await until(() => refuses(ids))
  const resting = await recordOf(store, workerOf(before))
  assert.ok((resting?.untilMs ?? 0) > msOf(before), 'the number rests until its last id has passed')
  await renewals(store, 2)
  const numbers = await store.inspector.list({ group: 'semel.ids', limit: 2_000 })
  assert.equal(numbers.length, 2, 'one rests, one is held meanwhile')
  stepMs = 0
  await until(() => !refuses(ids))
  assert.ok(ids.next() > before)
})

test('a generator that lost its number refuses until it has another one', async (t) => {
  const store = memoryStore()
  const ids = await opened(t, store, { leaseMs: 300 })
  const before = ids.next()
  const mine = await recordOf(store, workerOf(before))
  assert.ok(mine)
  await store.inspector.act(mine, { kind: 'release', who: 'Zoë', why: 'test' })
  await until(() => !refuses(ids) && workerOf(ids.next()) !== workerOf(before))
  assert.ok(ids.next() > before)
})

test('a generator in whose loop nothing happened for longer than its lease refuses inside next()', async (t) => {
  const ids = await opened(t, memoryStore(), { leaseMs: 150 })
  ids.next()
  const sinceMs = performance.now()
  while (performance.now() - sinceMs < 160);
  assert.throws(() => ids.next(), refusedId)
  await until(() => !refuses(ids))
})

test('whatever the pauses and steps, ids of one number never meet', async () => {
  const moves = fc.array(fc.tuple(fc.nat(3), fc.nat(20_000)), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      const clock = manualClock()
      const store = memoryStore({ clock })
      await takeNumbers(store, [5, 6])
      const seen = new Set<bigint>()
      const open: SnowflakeIds[] = []
      for (const [move, ms] of steps) {
        if (move === 0) await open.shift()?.close()
        if (move === 1) clock.pass(ms)
        if (move >= 2) open.push(...(await oneMore(store)))
        for (const id of open.flatMap((ids) => some(ids))) {
          assert.ok(!seen.has(id), `${id} was made twice`)
          seen.add(id)
        }
      }
      for (const ids of open) await ids.close()
    }),
    { numRuns: 100 },
  )
})

async function oneMore(store: Store): Promise<readonly SnowflakeIds[]> {
  try {
    return [await snowflakeIds(store, { leaseMs: 10_000 })]
  } catch (error) {
    assert.ok(isSemelError(error, 'SEMEL_ID_NUMBERS_USED'), String(error))
    return []
  }
}

function some(ids: SnowflakeIds): readonly bigint[] {
  return refuses(ids) ? [] : Array.from({ length: 20 }, () => ids.next())
}

function refuses(ids: SnowflakeIds): boolean {
  try {
    ids.next()
    return false
  } catch (error) {
    assert.ok(refusedId(error), String(error))
    return true
  }
}

async function recordOf(
  store: Store,
  worker: number,
): Promise<Awaited<ReturnType<Store['leases']['read']>>[number]> {
  const list = await store.inspector.list({ group: 'semel.ids', limit: 2_000 })
  return list.find(({ key }) => readableKey(key) === String(worker))
}

/** Waits until the lease of the store was renewed so many times. */
async function renewals(store: Store, times: number): Promise<void> {
  const ends = new Set<number | undefined>()
  await until(async () => {
    const held = { group: 'semel.ids', state: 'leased', limit: 1 } as const
    const [record] = await store.inspector.list(held)
    return ends.add(record?.untilMs).size > times
  })
}
