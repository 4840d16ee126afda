import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { equalBytes, utf8 } from '../../src/inbox/bytes.ts'
import { claimAnswer } from '../../src/inbox/claim-answer.ts'
import { type Ask, type Decision, decide } from '../../src/inbox/decide.ts'
import { bodyFingerprint, differs } from '../../src/inbox/fingerprint.ts'
import { type InboxRecord, isParked, type Lease } from '../../src/inbox/record.ts'
import { keyKinds } from '../../src/inbox/key.ts'
import { nowMs, outcomes, target as named } from './transition-examples.ts'

/** What is known under its bytes alone lives by the same table. */
const targets = [named, { ...named, key: Uint8Array.of(keyKinds.raw, 1) }] as const
let target: (typeof targets)[number] = named

/** One step of a random life: time passes, then somebody asks. `at` chooses among the leases granted so far. */
interface Step {
  readonly on: Ask['on']
  readonly waitMs: number
  readonly claimId: number
  readonly fingerprint: number
  readonly by: 'delivery' | 'parked' | 'run'
  readonly alone: boolean
  readonly outcome: number
  readonly at: number
  readonly token: number
  readonly behind: boolean
  readonly attemptsMax: number
  readonly body: boolean
}
/** What happens more often stands here more often. */
const events =
  'claim claim claim claim insert settle settle renew release bury prune redrive skip free forget'.split(
    ' ',
  ) as readonly Ask['on'][]
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    on: fc.constantFrom(...events),
    waitMs: fc.constantFrom(0, 1, 10, 1_000, 100_000),
    claimId: fc.nat(3),
    fingerprint: fc.constantFrom(0, 0, 0, 1),
    by: fc.constantFrom('delivery', 'parked', 'run'),
    behind: fc.boolean(),
    alone: fc.boolean(),
    outcome: fc.nat(3),
    at: fc.constantFrom(0, 0, 0, 1, 2),
    token: fc.constantFrom(0, 0, 0, 1),
    attemptsMax: fc.constantFrom(1, 2, 16),
    body: fc.boolean(),
  }),
  { maxLength: 40, size: 'max' },
)

interface Moment {
  readonly before: InboxRecord | undefined
  readonly ask: Ask
  readonly decision: Decision
  readonly after: InboxRecord | undefined
  readonly atMs: number
  /** Granted so far in this record's life, the newest first. */
  readonly leases: readonly Lease[]
}

/** Lives `life` through the table, and hands every moment to `look`. */
function live(life: readonly Step[], look: (moment: Moment) => void): void {
  let record: InboxRecord | undefined
  let leases: readonly Lease[] = []
  let atMs = nowMs
  target = targets[life.length % 5 === 0 ? 1 : 0]
  for (const step of life) {
    atMs += step.waitMs
    const ask = askOf(step, record, leases)
    if (ask === undefined) continue
    const decision = decide(record, target, ask, atMs)
    const before = record
    if (decision.changed) record = decision.next
    look({ before, ask, decision, after: record, atMs, leases })
    if (record === undefined) leases = []
    const granted = ask.on === 'claim' && claimAnswer(decision, ask.request, atMs)
    if (granted && granted.kind === 'granted') leases = [granted.lease, ...leases]
  }
}

function askOf(
  step: Step,
  record: InboxRecord | undefined,
  leases: readonly Lease[],
): Ask | undefined {
  const { on, by, alone, attemptsMax } = step
  const outcome = outcomes[step.outcome] ?? outcomes[0]
  const fingerprint = bodyFingerprint(utf8(String(step.fingerprint)))
  const claimId = utf8(`claim ${step.claimId}`)
  switch (on) {
    case 'claim':
      return {
        on,
        request: { ...target, fingerprint, claimId, alone, by },
        terms: { leaseMs: 100, attemptsMax },
        behind: step.behind,
      }
    case 'insert':
      return { on, fingerprint, outcome }
    case 'bury':
      return { on, token: (record?.token ?? 0) - step.token, outcome: outcomes[3] }
    case 'redrive':
      return step.body ? { on, body: utf8('{"fixed":1}') } : { on }
    case 'skip':
      return { on, keepMs: 10, detail: 'by hand' }
    case 'prune':
    case 'free':
    case 'forget':
      return { on }
    default:
      return withLease(step, leases[step.at])
  }
}

function withLease({ on, outcome, body }: Step, lease: Lease | undefined): Ask | undefined {
  if (lease === undefined) return undefined
  if (on === 'settle')
    return { on, lease, outcome: outcomes[outcome] ?? outcomes[0], repeatable: body }
  return on === 'renew' ? { on, lease, leaseMs: 100 } : { on: 'release', lease }
}

const promises: Readonly<Record<string, (moment: Moment) => void>> = {
  'the token never falls while a record exists': ({ before, after }) => {
    if (before !== undefined && after !== undefined) assert.ok(after.token >= before.token)
  },
  'every grant has a greater token than the one before it': ({ before, after, decision }) => {
    if (decision.row.answer === 'granted') assert.ok((after?.token ?? 0) > (before?.token ?? 0))
  },
  'attempts are never negative': ({ after }) => assert.ok((after?.attempts ?? 0) >= 0),
  'completed is left by prune and forget alone': ({ before, ask, decision }) => {
    if (before?.state === 'completed' && decision.changed)
      assert.ok(ask.on === 'prune' || ask.on === 'forget')
  },
  'completed is pruned only after its retention': ({ before, ask, decision, atMs }) => {
    if (ask.on === 'prune' && decision.changed) assert.ok((before?.untilMs ?? Infinity) <= atMs)
  },
  'dead is left by redrive, skip and forget alone': ({ before, ask, decision }) => {
    if (before?.state === 'dead' && decision.changed)
      assert.ok(['redrive', 'skip', 'forget'].includes(ask.on))
  },
  'a mismatched claim never changes anything': ({ before, ask, decision }) => {
    if (ask.on !== 'claim' || before === undefined) return
    if (!differs(before.fingerprint, ask.request.fingerprint)) return
    assert.equal(decision.row.answer, 'mismatched')
    assert.equal(decision.changed, false)
  },
  'the same claim again is granted, with a greater token, only while leased': ({
    before,
    ask,
    decision,
  }) => {
    if (ask.on !== 'claim' || before?.claimId === undefined) return
    if (!equalBytes(before.claimId, ask.request.claimId)) return
    if (differs(before.fingerprint, ask.request.fingerprint)) return
    if (before.state === 'leased') assert.equal(decision.row.answer, 'granted')
    else assert.equal(decision.row.when.includes('own claim'), false)
  },
  'a live lease is never granted to anybody else': ({ before, ask, decision, atMs }) => {
    if (ask.on !== 'claim' || before?.state !== 'leased' || (before.untilMs ?? 0) <= atMs) return
    if (equalBytes(before.claimId ?? target.key, ask.request.claimId)) return
    assert.equal(decision.changed, false)
  },
  'an older lease never changes anything (P7)': ({ ask, decision, leases }) => {
    if ('lease' in ask && ask.lease.token !== leases[0]?.token)
      assert.equal(decision.changed, false)
  },
  'a lease ends once: a settled one changes nothing more': ({ before, ask, decision }) => {
    if ('lease' in ask && before?.state !== 'leased') assert.equal(decision.changed, false)
  },
  'a delivery never takes what is parked (P6)': ({ before, ask, decision }) => {
    if (ask.on !== 'claim' || ask.request.by !== 'delivery' || before === undefined) return
    if (equalBytes(before.claimId ?? target.key, ask.request.claimId)) return
    if (isParked(before)) assert.equal(decision.changed, false)
  },
  'what a crash left behind is granted only to what runs alone, or to run() (P14)': (moment) => {
    const { before, ask, decision } = moment
    if (ask.on !== 'claim' || before?.state !== 'leased' || !decision.changed) return
    if (equalBytes(before.claimId ?? target.key, ask.request.claimId)) return
    assert.ok(ask.request.alone || ask.request.by === 'run')
  },
  'no grant goes beyond the attempts allowed': ({ before, ask, decision, after }) => {
    if (ask.on !== 'claim' || decision.row.answer !== 'granted') return
    if (before?.state === 'leased' && decision.row.when.includes('own claim')) return
    assert.ok((after?.attempts ?? 0) <= ask.terms.attemptsMax)
  },
  'a completed record keeps no message (P4)': ({ after }) => {
    if (after?.state === 'completed') assert.equal(after.origin, undefined)
  },
  'a taker never makes a record': ({ before, ask, after }) => {
    if (ask.on === 'claim' && ask.request.by === 'parked' && before === undefined)
      assert.equal(after, undefined)
  },
}

for (const [promise, look] of Object.entries(promises))
  test(`in every sequence of asks: ${promise}`, () => {
    fc.assert(
      fc.property(steps, (life) => live(life, look)),
      { numRuns: 300 },
    )
  })

test('the random sequences reach every row of the table that changes something', async () => {
  const { transitions } = await import('../../src/inbox/transitions.ts')
  const reached = new Set<unknown>()
  for (const life of fc.sample(steps, { seed: 3, numRuns: 3_000 }))
    live(life, ({ decision }) => reached.add(decision.row))
  const missed = transitions.filter((row) => !reached.has(row))
  assert.deepEqual(missed, [])
})
