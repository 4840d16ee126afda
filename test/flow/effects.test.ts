import assert from 'node:assert/strict'
import test from 'node:test'
import { atLeastOnce, checkable, forwardedKey, semel } from 'semel'
import { leaseOnlyStore } from 'semel/memory'
import { desk, everyKind, farSide } from './effects-kit.ts'

const crashed = new Error('crashed on purpose')

/** Runs handlers one after another under one key; each is one attempt. */
async function attempts(runs: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const ends: unknown[] = []
  for (const run of runs)
    ends.push(await run().catch((error: Error & { code?: string }) => error.code ?? error.message))
  return ends
}

test('a result is recorded: a later attempt gets the same value and does not call', async () => {
  const far = farSide()
  const { once, steps } = desk(everyKind(far))
  const seen: unknown[] = []
  const run = (fails: boolean) => () =>
    once.run('A-17', async ({ effects, attempt }) => {
      seen.push(await effects.charge(far.call))
      if (fails) throw crashed
      return { attempt }
    })
  assert.deepEqual(await attempts([run(true)]), ['crashed on purpose'])
  assert.deepEqual(await steps(), ['charge done'])
  assert.deepEqual(await attempts([run(true), run(false), run(false)]), [
    'crashed on purpose',
    { attempt: 3 },
    { attempt: 3 },
  ])
  assert.deepEqual(seen, [{ receipt: 1 }, { receipt: 1 }, { receipt: 1 }])
  assert.equal(far.effects.length, 1)
  assert.deepEqual(await steps(), [])
})

test('the key that is passed on is the same in every attempt, and no other step, key or group has it', async () => {
  const keys: string[] = []
  const effects = {
    charge: atLeastOnce({ because: 'test' }),
    mail: atLeastOnce({ because: 'test' }),
  }
  const failing = async (key: string): Promise<never> => {
    keys.push(key)
    throw crashed
  }
  const one = desk(effects)
  for (let attempt = 0; attempt < 3; attempt++)
    await attempts([() => one.once.run('A-17', (given) => given.effects.charge(failing))])
  assert.equal(new Set(keys).size, 1)
  assert.match(keys[0] ?? '', /^[\w-]{43}$/)
  // Somebody's far side remembers it: it never changes.
  assert.equal(keys[0], '0SZRlXKGreIlqXOMTudYx7e1NvZLfs1Ibz1HwdnGYnw')
  await attempts([
    () => one.once.run('A-18', (given) => given.effects.charge(failing)),
    () => one.once.run('A-19', (given) => given.effects.mail(failing)),
    () => one.once.run('A-20', (given) => given.effects.charge.step('2', failing)),
    () =>
      desk(effects, { group: 'other' }).once.run('A-17', (given) => given.effects.charge(failing)),
  ])
  assert.equal(new Set(keys).size, 5)
})

test('forwarded key: a call without an answer is made again with its key while the far side remembers it', async () => {
  const far = farSide({ after: 1 })
  const { once, clock } = desk(everyKind(far))
  const run = () => once.run('A-17', ({ effects }) => effects.charge(far.call))
  assert.deepEqual(await attempts([run]), ['no answer'])
  clock.pass(9_999)
  assert.deepEqual(await attempts([run, run]), [{ receipt: 2 }, { receipt: 2 }])
  assert.deepEqual(far.effects, [far.effects[0], far.effects[0]])
})

test('forwarded key: once the far side may have forgotten it, it is not called again: dead, uncertain', async () => {
  const far = farSide({ after: 1 })
  const { once, clock, record } = desk(everyKind(far))
  const run = () => once.run('A-17', ({ effects }) => effects.charge(far.call))
  await attempts([run])
  clock.pass(6_000)
  await attempts([() => once.run('A-17', () => Promise.reject(crashed))])
  clock.pass(4_000)
  assert.deepEqual(await attempts([run, run]), ['SEMEL_EFFECT_UNCERTAIN', 'SEMEL_DEAD'])
  assert.equal(far.effects.length, 1)
  const { state, reason, detail } = await record()
  assert.deepEqual([state, reason], ['dead', 'uncertain'])
  assert.match(
    detail ?? '',
    /charge was begun .* 10000 ms ago, and the far side remembers 10000 ms/,
  )
})

test('checkable: what is found is the result, and is not called again', async () => {
  const far = farSide({ after: 1 })
  const { once } = desk(everyKind(far))
  const run = () => once.run('A-17', ({ effects }) => effects.ship(far.call))
  assert.deepEqual(await attempts([run, run]), ['no answer', { receipt: 1 }])
  assert.equal(far.effects.length, 1)
})

test('checkable: what is not there is called; null and undefined are not there; the first attempt asks nothing', async () => {
  for (const nothing of [null, undefined]) {
    const far = farSide({ before: 1 })
    let asked = 0
    const find = async (): Promise<null | undefined | { receipt: number }> => {
      asked++
      return nothing
    }
    const { once } = desk({ ship: checkable(find) })
    const run = () => once.run('A-17', ({ effects }) => effects.ship(far.call))
    assert.deepEqual(await attempts([run, run]), ['no answer', { receipt: 1 }])
    assert.deepEqual([far.effects.length, asked], [1, 1])
  }
})

test('at least once: a call without an answer is made again', async () => {
  const far = farSide({ after: 1 })
  const { once } = desk(everyKind(far))
  const run = () => once.run('A-17', ({ effects }) => effects.mail(far.call))
  assert.deepEqual(await attempts([run, run]), ['no answer', { receipt: 2 }])
  assert.equal(far.effects.length, 2)
})

test('at most once: a call without an answer is never made again, whatever the handler catches', async () => {
  const far = farSide({ after: 1 })
  const { once, record } = desk(everyKind(far))
  const run = () => once.run('A-17', ({ effects }) => effects.siren(far.call))
  const swallowing = () =>
    once.run('A-17', ({ effects }) => effects.siren(far.call).catch(() => 'swallowed'))
  assert.deepEqual(await attempts([run, swallowing, run]), [
    'no answer',
    'SEMEL_EFFECT_UNCERTAIN',
    'SEMEL_DEAD',
  ])
  assert.equal(far.effects.length, 1)
  assert.equal((await record()).reason, 'uncertain')
})

test('a refusal that is returned is an answer: it is recorded, and no doubt is left', async () => {
  const { once } = desk(everyKind(farSide()))
  let calls = 0
  const run = (fails: boolean) => () =>
    once.run('A-17', async ({ effects }) => {
      const answer = await effects.siren(async () => ({ declined: ++calls }))
      if (fails) throw crashed
      return answer
    })
  assert.deepEqual(await attempts([run(true), run(false)]), ['crashed on purpose', { declined: 1 }])
})

test('several calls of one effect have names and keys of their own', async () => {
  const far = farSide()
  const { once } = desk(everyKind(far))
  const run = (fails: boolean) => () =>
    once.run('A-17', async ({ effects }) => {
      const lines = ['a', 'b', 'c'].map((line) => effects.ship.step(line, far.call))
      const parcels = await Promise.all(lines)
      if (fails) throw crashed
      return parcels.map(({ receipt }) => receipt)
    })
  assert.deepEqual(await attempts([run(true), run(false)]), ['crashed on purpose', [1, 2, 3]])
  assert.equal(new Set(far.effects).size, 3)
})

test('when one of several calls fails the others are waited for, and theirs are recorded', async () => {
  const { once, steps } = desk(everyKind(farSide()))
  const slow = Promise.withResolvers<number>()
  const running = attempts([
    () =>
      once.run('A-17', async ({ effects }) => {
        const siren = effects.siren(() => slow.promise)
        await effects.mail(() => Promise.reject(crashed))
        return siren
      }),
  ])
  setImmediate(() => slow.resolve(1))
  assert.deepEqual(await running, ['crashed on purpose'])
  assert.deepEqual(await steps(), ['siren done', 'mail open'])
})

test('redriven, what is uncertain stays so; with callAgain a person says that nothing happened', async () => {
  const far = farSide({ before: 1 })
  const { once, store, record } = desk(everyKind(far))
  const run = () =>
    once.run('A-17', async ({ effects }) => {
      await effects.charge(async () => 1)
      return effects.siren(far.call)
    })
  await attempts([run, run])
  const redrive = async (callAgain: boolean): Promise<void> =>
    store.inspector.act(await record(), {
      kind: 'redrive',
      who: 'Zoë',
      why: 'looked at it',
      callAgain,
    })
  await redrive(false)
  assert.deepEqual(await attempts([run]), ['SEMEL_EFFECT_UNCERTAIN'])
  assert.equal(far.effects.length, 0)
  await redrive(true)
  assert.deepEqual(await attempts([run]), [{ receipt: 1 }])
})

test('a recorded step that the code does not know fails the attempt, and the others are not called', async () => {
  const far = farSide()
  const { once, store, record } = desk({ charge: forwardedKey({ remembersMs: 10 }) })
  await attempts([
    () =>
      once.run('A-17', async ({ effects }) => [
        await effects.charge(far.call),
        await Promise.reject(crashed),
      ]),
  ])
  const renamed = semel({
    group: 'shop',
    store,
    effects: { pay: forwardedKey({ remembersMs: 10 }) },
    retryDelayMs: 0,
  })
  const run = () => renamed.run('A-17', ({ effects }) => effects.pay(far.call))
  assert.deepEqual(await attempts([run]), ['SEMEL_STEP_UNKNOWN'])
  assert.equal(far.effects.length, 1)
  const { state, detail } = await record()
  assert.equal(state, 'failed')
  assert.match(detail ?? '', /recorded the step charge .* no effect of that name is declared here/)
})

test('another kind under a known name is refused while a call of it is open, and not once it is done', async () => {
  for (const [fails, end] of [
    [true, 'SEMEL_STEP_UNKNOWN'],
    [false, { receipt: 1 }],
  ] as const) {
    const far = farSide(fails ? { after: 1 } : {})
    const { once, store } = desk({ charge: atLeastOnce({ because: 'test' }) })
    await attempts([
      () =>
        once.run('A-17', async ({ effects }) => [
          await effects.charge(far.call),
          await Promise.reject(crashed),
        ]),
    ])
    const stronger = semel({
      group: 'shop',
      store,
      effects: { charge: forwardedKey({ remembersMs: 10 }) },
      retryDelayMs: 0,
    })
    assert.deepEqual(
      await attempts([() => stronger.run('A-17', ({ effects }) => effects.charge(far.call))]),
      [end],
    )
  }
})

test('a result that cannot be recorded is not called for again: dead at once', async () => {
  const { once, record, steps } = desk(everyKind(farSide()), { resultBytesMax: 64 })
  const run = () => once.run('A-17', ({ effects }) => effects.mail(async () => 'x'.repeat(100)))
  assert.deepEqual(await attempts([run, run]), ['SEMEL_STEP_RESULT_INVALID', 'SEMEL_DEAD'])
  assert.equal((await record()).reason, 'permanent')
  assert.deepEqual(await steps(), ['mail open'])
})

test('without transactions in the store effects are performed and the settlement is alone', async () => {
  const far = farSide()
  const once = semel({
    group: 'shop',
    store: leaseOnlyStore(),
    effects: everyKind(far),
    retryDelayMs: 0,
    heldWaitMs: 0,
  })
  assert.deepEqual(await once.run('A-17', ({ effects }) => effects.charge(far.call)), {
    receipt: 1,
  })
  const wants = once.run('A-18', ({ transaction }) => transaction(() => 1))
  await assert.rejects(wants, {
    code: 'SEMEL_EFFECT_REFUSED',
    message: /store has no transactions/,
  })
})
