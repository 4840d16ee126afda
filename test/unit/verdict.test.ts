import assert from 'node:assert/strict'
import test from 'node:test'
import { type Situation, type Verdict, verdicts } from '../../src/consume/verdict.ts'

/** The table of PROTOCOL, row by row. `test/flow/verdicts.test.ts` makes each of them happen. */
const rows: Readonly<Record<Situation['kind'], Verdict>> = {
  applied: 'ack',
  passed: 'ack',
  duplicate: 'ack',
  parked: 'ack',
  dead: 'ack',
  mismatched: 'again',
  held: 'wait',
  fenced: 'wait',
  suspect: 'alone',
  changed: 'again',
  gone: 'drop',
  aborted: 'again',
  unknown: 'again',
  contended: 'again',
  unavailable: 'again',
  broken: 'stop',
}

for (const [kind, verdict] of Object.entries(rows) as [Situation['kind'], Verdict][])
  test(`${kind} → ${verdict}: ${verdicts[kind].because}`, () => {
    assert.equal(verdicts[kind].verdict, verdict)
  })

test('nothing but what is durable is acknowledged', () => {
  const acknowledged = Object.entries(verdicts).filter(([, { verdict }]) => verdict === 'ack')
  assert.deepEqual(
    acknowledged.map(([kind]) => kind),
    ['applied', 'passed', 'duplicate', 'parked', 'dead'],
  )
})
