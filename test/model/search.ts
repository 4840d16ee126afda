import { brokerActions, takenActions } from './broker.ts'
import { clockActions } from './clock.ts'
import { nameOf } from './encode.ts'
import { watchRecords } from './invariants.ts'
import type { Action, Model, World } from './kinds.ts'
import { processActions } from './process.ts'
import { copyOf, initialWorld } from './world.ts'

export interface Found {
  readonly states: number
  readonly steps: number
  /** Undefined: no counterexample within the bounds. */
  readonly violation: string | undefined
  /** The shortest way to it; faults are marked. */
  readonly trace: readonly string[]
  /** Whether the search gave up before it had seen everything. */
  readonly capped: boolean
}

/** Breadth first, so that the first violation has the shortest trace; then states from which no end can be reached. */
export function search(model: Model, statesMax: number): Found {
  const first = initialWorld(model)
  const numbers = new Map([[nameOf(model, first), 0]])
  const parents = [-1]
  const choices = [0]
  const ends: number[] = []
  const graph = { from: [] as number[], to: [] as number[] }
  let steps = 0
  const found = (violation: string | undefined, at: number, capped = false): Found => ({
    states: numbers.size,
    steps,
    violation,
    capped,
    trace: violation === undefined ? [] : traceTo(model, first, pathTo(at, parents, choices)),
  })
  let level: [number, World][] = [[0, first]]
  while (level.length > 0) {
    const below: [number, World][] = []
    for (const [from, world] of level) {
      if (isEnd(model, world)) ends.push(from)
      for (const [choice, action] of actionsOf(model, world).entries()) {
        const next = copyOf(world)
        action.apply(next)
        watchRecords(model, next)
        steps++
        const name = nameOf(model, next)
        let to = numbers.get(name)
        if (to === undefined) {
          to = numbers.size
          numbers.set(name, to)
          parents.push(from)
          choices.push(choice)
          if (next.violation === undefined) below.push([to, next])
        }
        if (next.violation !== undefined) {
          parents[to] = from
          choices[to] = choice
          return found(next.violation, to)
        }
        if (!action.fault) {
          graph.from.push(from)
          graph.to.push(to)
        }
      }
    }
    if (numbers.size > statesMax) return found(undefined, 0, true)
    level = below
  }
  const stuck = firstStuck(graph, ends, numbers.size)
  return stuck < 0
    ? found(undefined, 0)
    : found('STUCK: no way from here to an end without a fault', stuck)
}

function actionsOf(model: Model, world: World): readonly Action[] {
  const out: Action[] = []
  for (let process = 0; process < model.scenario.processes; process++) {
    brokerActions(model, world, process, out)
    processActions(model, world, process, out)
  }
  clockActions(model, world, out)
  takenActions(model, world, out)
  return out
}

/** Everything acknowledged, nothing parked, nothing left leased, every call answered. */
function isEnd({ scenario }: Model, world: World): boolean {
  return (
    world.deliveries.every(({ state }) => state === 'acknowledged' || state === 'dropped') &&
    world.records.every(
      (record) => record === undefined || record.state === 'completed' || record.state === 'dead',
    ) &&
    world.processes.every(
      ({ held, tasks }) => held.length === 0 && tasks.every((task) => task === undefined),
    ) &&
    world.answered.length === scenario.calls.length &&
    world.answered.every(Boolean)
  )
}

/** Backwards from the ends over all steps that are no faults. */
function firstStuck(
  { from, to }: { from: readonly number[]; to: readonly number[] },
  ends: readonly number[],
  states: number,
): number {
  const last = new Int32Array(states).fill(-1)
  const before = new Int32Array(to.length)
  for (const [edge, target] of to.entries()) {
    before[edge] = last[target] ?? -1
    last[target] = edge
  }
  const reaches = new Uint8Array(states)
  const open = [...ends]
  for (const end of ends) reaches[end] = 1
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (let edge = last[at] ?? -1; edge >= 0; edge = before[edge] ?? -1) {
      const source = from[edge] ?? 0
      if (reaches[source] === 1) continue
      reaches[source] = 1
      open.push(source)
    }
  return reaches.indexOf(0)
}

function pathTo(
  at: number,
  parents: readonly number[],
  choices: readonly number[],
): readonly number[] {
  const path: number[] = []
  for (let state = at; (parents[state] ?? -1) >= 0; state = parents[state] ?? -1)
    path.push(choices[state] ?? 0)
  return path.reverse()
}

function traceTo(model: Model, first: World, path: readonly number[]): readonly string[] {
  let world = first
  return path.map((choice) => {
    const action = actionsOf(model, world)[choice]
    if (action === undefined) return '?'
    const next = copyOf(world)
    action.apply(next)
    world = next
    return `${action.fault ? '!' : ' '} ${action.text}`
  })
}
