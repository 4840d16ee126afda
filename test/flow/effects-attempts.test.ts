import assert from 'node:assert/strict'
import test from 'node:test'
import { type InboxRecord, type SemelCode, SemelError, type Steps } from 'semel'
import { memoryStore } from 'semel/memory'
import { desk, everyKind, farSide } from './effects-kit.ts'

const code = (expected: SemelCode) => ({ code: expected })

/** A store whose calls about steps go wrong in the given way. */
function troubled(wrap: (steps: Steps) => Partial<Steps>) {
  const store = memoryStore()
  return { ...store, steps: { ...store.steps, ...wrap(store.steps) } }
}

/** Fails the first calls, after what was asked for is done or before. */
function lossy<A extends readonly unknown[], R>(
  call: (...given: A) => Promise<R>,
  [error, times, landed]: readonly [SemelCode, number, boolean],
): (...given: A) => Promise<R> {
  let left = times
  return async (...given) => {
    if (left-- <= 0) return call(...given)
    if (landed) await call(...given)
    throw new SemelError(error, 'on purpose')
  }
}

test('an intent whose answer is lost is asked again, and called once', async () => {
  for (const landed of [true, false]) {
    const far = farSide()
    const store = troubled(({ begin }) => ({
      begin: lossy(begin, ['SEMEL_OUTCOME_UNKNOWN', 1, landed]),
    }))
    const { once } = desk(everyKind(far), { store })
    assert.deepEqual(await once.run('A-17', ({ effects }) => effects.siren(far.call)), {
      receipt: 1,
    })
    assert.equal(far.effects.length, 1)
  }
})

test('a result is recorded as soon as the store is back, and the call is not made again', async () => {
  for (const landed of [true, false]) {
    const far = farSide()
    const store = troubled(({ finish }) => ({
      finish: lossy(finish, ['SEMEL_STORE_UNAVAILABLE', 3, landed]),
    }))
    const { once } = desk(everyKind(far), { store })
    assert.deepEqual(await once.run('A-17', ({ effects }) => effects.siren(far.call)), {
      receipt: 1,
    })
    assert.equal(far.effects.length, 1)
  }
})

test('without an intent nothing is called: a store that is away is nobody’s failed attempt', async () => {
  const far = farSide()
  const store = troubled(({ begin }) => ({
    begin: lossy(begin, ['SEMEL_STORE_UNAVAILABLE', 1, false]),
  }))
  const { once, record } = desk(everyKind(far), { store })
  const swallowing = once.run('A-17', ({ effects }) => effects.charge(far.call).catch(() => null))
  await assert.rejects(swallowing, code('SEMEL_STORE_UNAVAILABLE'))
  assert.equal(far.effects.length, 0)
  assert.equal((await record()).state, 'leased')
})

test('who was taken over calls nothing any more, and settles nothing', async () => {
  const far = farSide()
  const { once, store, record } = desk(everyKind(far))
  const loseKey = async (): Promise<InboxRecord> => {
    const before = await record()
    await store.inspector.act(before, { kind: 'release', who: 'Zoë', why: 'test' })
    return before
  }
  const before = once.run('A-17', async ({ effects }) => {
    await loseKey()
    await effects.charge(far.call).catch(() => undefined)
  })
  await assert.rejects(before, code('SEMEL_FENCED'))
  assert.equal(far.effects.length, 0)
  const during = once.run('A-17', ({ effects }) =>
    effects.siren(async (key) => (await loseKey(), far.call(key))),
  )
  await assert.rejects(during, code('SEMEL_FENCED'))
  const after = once.run('A-17', ({ effects }) => effects.siren(far.call))
  await assert.rejects(after, code('SEMEL_EFFECT_UNCERTAIN'))
  assert.equal(far.effects.length, 1)
})

test('stopped in the middle, the record keeps its steps, and the attempt does not count', async () => {
  const far = farSide()
  const { once, record, steps } = desk(everyKind(far))
  const stop = new AbortController()
  const forever = once.run(
    'A-17',
    async ({ effects }) => {
      await effects.charge(far.call)
      stop.abort(new Error('stopped'))
      return effects.siren(far.call)
    },
    { signal: stop.signal },
  )
  await assert.rejects(forever, { message: 'stopped' })
  const { state, attempts, reason } = await record()
  assert.deepEqual([state, attempts, reason], ['failed', 0, 'released'])
  assert.deepEqual(await steps(), ['charge done'])
  const again = await once.run('A-17', async ({ effects }) => [
    await effects.charge(far.call),
    await effects.siren(far.call),
  ])
  assert.deepEqual(again, [{ receipt: 1 }, { receipt: 2 }])
})

test('stopped before anything was begun, nothing is left behind', async () => {
  const { once, store } = desk(everyKind(farSide()))
  const run = once.run('A-17', () => 1, { signal: AbortSignal.abort(new Error('stopped')) })
  await assert.rejects(run, { message: 'stopped' })
  assert.deepEqual(await store.inspector.list({ limit: 1 }), [])
})

test('a handler that was given up calls nothing any more', async () => {
  const far = farSide()
  const { once } = desk(everyKind(far), { performMsMax: 20 })
  const late = Promise.withResolvers<unknown>()
  const slow = once.run('A-17', async ({ effects, signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    setImmediate(() => late.resolve(effects.charge(far.call).catch((error: unknown) => error)))
  })
  await assert.rejects(slow, code('SEMEL_HANDLER_TIMEOUT'))
  assert.equal(((await late.promise) as SemelError).code, 'SEMEL_EFFECT_REFUSED')
  assert.equal(far.effects.length, 0)
})

test('one effect twice under one name is refused, and cannot be caught', async () => {
  const far = farSide()
  const { once, steps } = desk(everyKind(far))
  const twice = once.run('A-17', async ({ effects }) => {
    await effects.charge(far.call)
    await effects.charge(far.call).catch(() => undefined)
    return 1
  })
  await assert.rejects(twice, {
    code: 'SEMEL_EFFECT_REFUSED',
    message: /charge: it is called twice/,
  })
  assert.equal(far.effects.length, 1)
  assert.deepEqual(await steps(), ['charge done'])
})

test('an effect that nobody awaits is waited for and recorded, and the attempt fails', async () => {
  const far = farSide()
  const { once, steps } = desk(everyKind(far))
  const forgotten: unknown[] = []
  const floating = once.run('A-17', ({ effects }) => {
    forgotten.push(effects.charge(far.call))
    forgotten.push(effects.mail(() => Promise.reject(new Error('nobody hears it'))))
    return 1
  })
  await assert.rejects(floating, { code: 'SEMEL_EFFECT_REFUSED', message: /await it/ })
  assert.deepEqual(await steps(), ['charge done', 'mail open'])
})

test('the name of a step is a well-formed text, and one message has so many at most', async () => {
  const { once } = desk(everyKind(farSide()))
  for (const name of ['', 'x'.repeat(261), '\ud800', 'a\0bc'])
    await assert.rejects(
      once.run(`A-${name.length}`, ({ effects }) => effects.mail.step(name, async () => 1)),
      code('SEMEL_EFFECT_REFUSED'),
    )
  const many = once.run('B-1', async ({ effects }) => {
    for (let at = 0; at <= 1_000; at++) await effects.mail.step(`${at}`, async () => at)
  })
  await assert.rejects(many, { code: 'SEMEL_EFFECT_REFUSED', message: /1000 steps at most/ })
})
