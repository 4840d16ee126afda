import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { semel, SemelError, type Steps } from 'semel'
import { memoryStore } from 'semel/memory'
import { everyKind, farSide, type FarSide } from '../flow/effects-kit.ts'

type Kind = 'charge' | 'ship' | 'mail' | 'siren'

/** What goes wrong in one attempt, at one of its calls; the process dies, or an answer is lost. */
interface Trouble {
  readonly kind: Kind
  readonly where: 'intent' | 'call' | 'result'
  readonly landed: boolean
  readonly how: 'crash' | 'throw'
}
const troubles: fc.Arbitrary<readonly Trouble[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Kind>('charge', 'ship', 'mail', 'siren'),
    where: fc.constantFrom<Trouble['where']>('intent', 'call', 'result'),
    landed: fc.boolean(),
    how: fc.constantFrom<Trouble['how']>('crash', 'throw'),
  }),
  { maxLength: 5 },
)
const order: fc.Arbitrary<readonly Kind[]> = fc.shuffledSubarray([
  'charge',
  'ship',
  'mail',
  'siren',
])

/** How often each rare thing happened; zero proves nothing. */
const seen = { uncertain: 0, completed: 0, 'mailed twice': 0, 'charged again': 0 }

test('whatever goes wrong where: B takes effect once, C at least once, D at most once', async () => {
  await fc.assert(fc.asyncProperty(order, troubles, live), { numRuns: 400 })
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, `${what}: never`)
})

/** One key: an attempt for each trouble, and then attempts without any until it is settled. */
async function live(kinds: readonly Kind[], all: readonly Trouble[]): Promise<void> {
  const far: Record<Kind, FarSide> = {
    charge: farSide(),
    ship: farSide(),
    mail: farSide(),
    siren: farSide(),
  }
  const results: unknown[] = []
  let trouble: Trouble | undefined
  const strikes = (kind: string, where: Trouble['where']): Trouble | undefined =>
    trouble?.kind === kind && trouble.where === where ? trouble : undefined

  async function struck<R>(
    kind: string,
    where: Trouble['where'],
    call: () => Promise<R>,
  ): Promise<R> {
    const one = strikes(kind, where)
    if (one === undefined) return call()
    if (one.landed) await call()
    if (one.how === 'throw' && where === 'call') throw new Error('no answer')
    throw dying
  }
  const inner = memoryStore()
  const steps: Steps = {
    ...inner.steps,
    begin: (lease, intent) => struck(intent.step, 'intent', () => inner.steps.begin(lease, intent)),
    finish: (lease, step, result) =>
      struck(step, 'result', () => inner.steps.finish(lease, step, result)),
  }
  const store = { ...inner, steps }
  const { charge, mail, siren } = everyKind(far.charge)
  const { ship } = everyKind(far.ship)
  const effects = { charge, ship, mail, siren }
  const once = semel({ group: 'g', store, effects, retryDelayMs: 0, heldWaitMs: 0 })
  const attempt = () =>
    once.tryRun('A-17', async (given) => {
      const answers: Record<string, number> = {}
      for (const kind of kinds)
        answers[kind] = (
          await given.effects[kind]((key) => struck(kind, 'call', () => far[kind].call(key)))
        ).receipt
      return { answers }
    })
  for (const one of [...all, undefined, undefined]) {
    trouble = one
    results.push(await attempt().catch((error: unknown) => error))
    await freeWhatDied(store)
  }
  judge(kinds, far, results)
}

/** Not retryable: as if nobody were there to try again. */
const dying = new SemelError('SEMEL_STORE_CORRUPT', 'the process dies')

/** The lease of the dead has ended. */
async function freeWhatDied({ inspector }: ReturnType<typeof memoryStore>): Promise<void> {
  for (const record of await inspector.list({ state: 'leased', limit: 1 }))
    await inspector.act(record, { kind: 'release', who: 'the clock', why: 'test' })
}

function judge(
  kinds: readonly Kind[],
  far: Record<Kind, FarSide>,
  results: readonly unknown[],
): void {
  const last = results.at(-1) as { readonly kind: string; readonly reason?: string }
  const wholly = last.kind === 'completed'
  assert.ok(
    wholly || /^uncertain: .* siren/.test(last.reason ?? ''),
    `it is ${JSON.stringify(last)}`,
  )
  const times = (kind: Kind): number => far[kind].effects.length
  for (const kind of kinds)
    assert.ok(new Set(far[kind].effects).size <= 1, `${kind} has several keys`)
  assert.ok(times('ship') <= 1 && times('siren') <= 1, JSON.stringify(far))
  if (wholly) for (const kind of kinds) assert.ok(times(kind) >= 1, `${kind} never happened`)
  seen[wholly ? 'completed' : 'uncertain']++
  if (times('mail') > 1) seen['mailed twice']++
  if (times('charge') > 1) seen['charged again']++
}
