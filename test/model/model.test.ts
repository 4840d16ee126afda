// Every state of small scenarios is visited. `SEMEL_MODEL_TRACES=1 npm test -- test/model` prints every counterexample.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Model } from './kinds.ts'
import { rare } from './rare.ts'
import type { Scenario } from './scenario-kinds.ts'
import { scenarios, windows } from './scenarios.ts'
import { type Found, search } from './search.ts'
import { variants } from './variants.ts'
import { modelOf } from './world.ts'
import type { Wrong } from './wrong.ts'

const statesMax = 150_000
const happened: Model['happened'] = new Map()
const seen = { scenarios: 0, states: 0, steps: 0, counterexamples: 0 }

/** What happens in variants that are wrong does not count as having happened. */
function look(scenario: Scenario | undefined, wrong: Wrong | undefined): Found {
  assert.ok(scenario, 'there is no scenario of this name')
  const found = search(
    modelOf(scenario, wrong, wrong === undefined ? happened : new Map()),
    statesMax,
  )
  assert.equal(found.capped, false, `more than ${statesMax} states: make the scenario smaller`)
  return found
}

function told({ violation, states, trace }: Found): string {
  const lines = trace.map((line, at) => `${String(at + 1).padStart(4)} ${line}`)
  return [`${violation ?? 'no counterexample'} (${states} states)`, ...lines].join('\n')
}

function expectViolation(name: string, found: Found, costs: string): void {
  const { violation } = found
  assert.ok(violation?.startsWith(costs), `expected ${costs}, found ${told(found)}`)
  seen.counterexamples++
  if (process.env['SEMEL_MODEL_TRACES'] !== undefined) console.log(`\n${name}: ${told(found)}`)
}

for (const scenario of Object.values(scenarios))
  test(`no counterexample, and an end from every state: ${scenario.name}`, () => {
    const found = look(scenario, undefined)
    assert.equal(found.violation, undefined, told(found))
    seen.scenarios++
    seen.states += found.states
    seen.steps += found.steps
  })

for (const scenario of Object.values(windows))
  test(`the window is there: ${scenario.name}`, () => {
    expectViolation(scenario.name, look(scenario, undefined), 'I1')
  })

for (const { rule, wrong, scenario, costs } of variants)
  test(`${costs === undefined ? 'holds as well' : 'is found out'} (${rule}): ${wrong}`, () => {
    const found = look(scenarios[scenario], wrong)
    if (costs === undefined) assert.equal(found.violation, undefined, told(found))
    else expectViolation(`${rule}, ${wrong}`, found, costs)
  })

test('every rare thing has happened', (t) => {
  const all = Object.keys(scenarios).length
  if (seen.scenarios < all) return t.skip('not all scenarios were run')
  assert.deepEqual(
    rare.filter((kind) => !happened.has(kind)),
    [],
  )
  const { states, steps, counterexamples } = seen
  console.log(
    `model: ${all} scenarios hold in ${states} states, ${steps} steps; ${counterexamples} counterexamples where they must be`,
  )
})
