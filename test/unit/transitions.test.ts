import assert from 'node:assert/strict'
import test from 'node:test'
import { decide } from '../../src/inbox/decide.ts'
import type { Attempts } from '../../src/inbox/transitions.ts'
import { transitions } from '../../src/inbox/transitions.ts'
import { before, claimed, examples, mine, nowMs, outcomes, target } from './transition-examples.ts'

const nameOf = (at: number): string => {
  const row = transitions[at]
  return `${at + 1}. ${row?.on} of ${row?.from.join(', ')}${row?.when.map((guard) => `, ${guard}`).join('')}`
}

for (const [at, row] of transitions.entries()) {
  const mine = examples.filter(({ row: decided }) => decided === at + 1)

  test(`${nameOf(at)}: ${row.answer}`, () => {
    assert.notEqual(mine.length, 0, 'this row has no example in transition-examples.ts')
    for (const { record, ask } of mine) {
      const decision = decide(record, target, ask, nowMs)
      assert.equal(decision.row, row, `decided by ${nameOf(transitions.indexOf(decision.row))}`)
      assert.equal(decision.changed, row.to !== undefined)
      if (row.to === undefined) assert.equal(decision.next, record)
      if (row.to === 'absent') assert.equal(decision.next, undefined)
    }
  })

  for (const { record, ask, attempts } of mine.filter(
    () => row.to !== undefined && row.to !== 'absent',
  ))
    test(`${nameOf(at)}: writes state, token and attempts as it says`, () => {
      const { next } = decide(record, target, ask, nowMs)
      const wanted = row.to === 'as asked' && 'outcome' in ask ? ask.outcome.state : row.to
      assert.equal(next?.state, wanted)
      assert.equal(next?.token, (record?.token ?? 0) + (row.token === 'raised' ? 1 : 0))
      assert.equal(next?.attempts, attempts)
    })
}

const kinds: readonly Attempts[] = ['counted', 'recounted', 'uncounted', 'cleared', 'as asked']
for (const kind of kinds)
  test(`attempts that are ${kind} stand in some row`, () => {
    assert.ok(transitions.some(({ attempts }) => attempts === kind))
  })

test('a crash counts only if the message ran alone (P15)', () => {
  const ask = claimed({ alone: true })
  const alone = decide(before.ended, target, ask, nowMs).next
  const beside = decide({ ...before.ended, alone: false }, target, ask, nowMs).next
  assert.deepEqual(
    [alone?.attempts, beside?.attempts],
    [before.ended.attempts + 1, before.ended.attempts],
  )
})

test('what completes drops the message that it was parked with (P4)', () => {
  const parked = { ...before.leased, origin: target.key }
  const lease = { ...target, claimId: mine, token: parked.token, attempt: 1 }
  const ask = { on: 'settle', lease, outcome: outcomes[0], repeatable: true } as const
  assert.equal(decide(parked, target, ask, nowMs).next?.origin, undefined)
})

test('a completed record has no message, a failed and a dead one keep theirs (P4)', () => {
  const origins = outcomes.map((outcome) => {
    const { next } = decide(
      undefined,
      target,
      { on: 'insert', fingerprint: target.key, outcome },
      nowMs,
    )
    return next?.origin !== undefined
  })
  assert.deepEqual(
    origins,
    outcomes.map(({ state }) => state !== 'completed'),
  )
})

test('a renewal is no change that an operator would list as the newest', () => {
  const lease = {
    ...target,
    claimId: mine,
    token: before.leased.token,
    attempt: 1,
  }
  const { next } = decide(before.leased, target, { on: 'renew', lease, leaseMs: 500 }, nowMs)
  assert.equal(next?.changedMs, before.leased.changedMs)
  assert.equal(next?.untilMs, nowMs + 500)
})
