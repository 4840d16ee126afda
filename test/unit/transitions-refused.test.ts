import assert from 'node:assert/strict'
import test from 'node:test'
import { type Ask, decide } from '../../src/inbox/decide.ts'
import type { InboxRecord } from '../../src/inbox/record.ts'
import { before, mine, nowMs, outcomes, target } from './transition-examples.ts'

const [completes, fails, , dies] = outcomes
const claimId = mine
const lease = { ...target, claimId, token: 5, attempt: 2 }
const older = { ...lease, token: 4 }
const foreign = { ...lease, claimId: target.key }
const settle = (by: typeof lease, repeatable = true): Ask => ({
  on: 'settle',
  lease: by,
  outcome: completes,
  repeatable,
})

interface Refused {
  readonly what: string
  readonly record: InboxRecord | undefined
  readonly ask: Ask
  readonly answer: string
}

const refused: readonly Refused[] = [
  {
    what: 'a settlement by an older token',
    record: before.leased,
    ask: settle(older),
    answer: 'fenced',
  },
  {
    what: 'a settlement by another claim',
    record: before.leased,
    ask: settle(foreign),
    answer: 'fenced',
  },
  { what: 'a settlement of nothing', record: undefined, ask: settle(lease), answer: 'fenced' },
  {
    what: 'a repeated settlement that is not alone in its commit',
    record: before.completed,
    ask: settle(lease, false),
    answer: 'fenced',
  },
  {
    what: 'another settlement after the first',
    record: before.completed,
    ask: { on: 'settle', lease, outcome: fails, repeatable: true },
    answer: 'fenced',
  },
  {
    what: 'a renewal by an older token',
    record: before.leased,
    ask: { on: 'renew', lease: older, leaseMs: 1 },
    answer: 'fenced',
  },
  {
    what: 'a renewal of what is settled',
    record: before.completed,
    ask: { on: 'renew', lease, leaseMs: 1 },
    answer: 'fenced',
  },
  {
    what: 'a release by an older token',
    record: before.leased,
    ask: { on: 'release', lease: older },
    answer: 'fenced',
  },
  {
    what: 'a release of what is settled',
    record: before.failed,
    ask: { on: 'release', lease },
    answer: 'fenced',
  },
  {
    what: 'a burial of what has changed since',
    record: before.due,
    ask: { on: 'bury', token: 4, outcome: dies },
    answer: 'changed',
  },
  {
    what: 'a burial of a live lease',
    record: before.leased,
    ask: { on: 'bury', token: 5, outcome: dies },
    answer: 'changed',
  },
  {
    what: 'pruning before the retention has passed',
    record: before.completed,
    ask: { on: 'prune' },
    answer: 'kept',
  },
  { what: 'pruning what is dead', record: before.dead, ask: { on: 'prune' }, answer: 'kept' },
  { what: 'pruning what failed', record: before.due, ask: { on: 'prune' }, answer: 'kept' },
  { what: 'pruning what is leased', record: before.ended, ask: { on: 'prune' }, answer: 'kept' },
  {
    what: 'a redrive of what is completed',
    record: before.completed,
    ask: { on: 'redrive' },
    answer: 'refused',
  },
  {
    what: 'a redrive of a live lease',
    record: before.leased,
    ask: { on: 'redrive' },
    answer: 'refused',
  },
  {
    what: 'skipping what is completed',
    record: before.completed,
    ask: { on: 'skip', keepMs: 1, detail: '' },
    answer: 'refused',
  },
  {
    what: 'ending a lease that is none',
    record: before.failed,
    ask: { on: 'free' },
    answer: 'refused',
  },
  {
    what: 'forgetting what is not known',
    record: undefined,
    ask: { on: 'forget' },
    answer: 'refused',
  },
]

for (const { what, record, ask, answer } of refused)
  test(`${what} is ${answer} and changes nothing`, () => {
    const decision = decide(record, target, ask, nowMs)
    assert.equal(decision.row.answer, answer)
    assert.equal(decision.changed, false)
    assert.equal(decision.next, record)
  })
