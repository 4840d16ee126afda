import { comeAgain, inHand } from './broker.ts'
import { carefulActions } from './careful.ts'
import { doorActions, doorStarts } from './door.ts'
import { dueMembers } from './due.ts'
import { fastActions } from './fast.ts'
import { firstPhase } from './fast-steps.ts'
import { watchKill } from './invariants.ts'
import type {
  Action,
  Arrival,
  CarefulMember,
  CarefulTask,
  FastMember,
  FastTask,
  Model,
  Place,
  Task,
  World,
} from './kinds.ts'
import { batchesOf, singlesOf } from './line.ts'
import { forgetClaims, messageOf, put } from './store.ts'
import { freshProcess, happened, processAt, setProcess, setTask, spend } from './world.ts'

/** Everything one process can do next. */
export function processActions(model: Model, world: World, process: number, out: Action[]): void {
  const { tasks } = processAt(world, process)
  for (const [slot, task] of tasks.entries()) {
    const place = { process, slot }
    if (task?.kind === 'fast') fastActions(model, world, place, task, out)
    if (task?.kind === 'careful') carefulActions(model, world, place, task, out)
    if (task?.kind === 'door') doorActions(model, world, place, task, out)
  }
  const slot = tasks.indexOf(undefined)
  if (slot >= 0) startActions(model, world, { process, slot }, out)
  const busy = tasks.some((task) => task !== undefined) || inHand(world, process).length > 0
  if (busy && world.budget.crash > 0) out.push(crash(model, process))
  if (busy && world.budget.stop > 0) out.push(stop(model, process))
}

const outside: readonly string[] = ['ready', 'acknowledge']

/** P14: alone means that no other delivery is open in the process, whoever consumes it. */
export function mayEnter(model: Model, world: World, place: Place, alone: boolean): boolean {
  if (model.wrong === 'alone in its consumer, not in its process') return true
  return processAt(world, place.process).tasks.every((task, slot) => {
    if (
      slot === place.slot ||
      task === undefined ||
      task.kind === 'door' ||
      outside.includes(task.phase)
    )
      return true
    return !alone && !(task.kind === 'careful' && task.alone)
  })
}

function startActions(model: Model, world: World, place: Place, out: Action[]): void {
  doorStarts(model, world, place, out)
  const who = `P${place.process}`
  if (mayEnter(model, world, place, false) && model.scenario.level === 'A')
    for (const members of batchesOf(model, world, place.process))
      out.push({
        fault: false,
        text: `${who} begins a batch of ${members.map(({ arrival }) => `d${arrival.delivery}`).join(', ')}`,
        apply: (next) =>
          begin(
            next,
            place,
            members.flatMap(({ arrival, copies }) => [arrival, ...copies]),
            fastTask(model, members),
          ),
      })
  for (const arrival of singlesOf(model, world, place.process))
    out.push({
      fault: false,
      text: `${who} takes d${arrival.delivery} on the careful path`,
      apply: (next) =>
        begin(
          next,
          place,
          [arrival],
          carefulTask(arrival, [memberFor(model, arrival.message)], false),
        ),
    })
  for (const members of dueMembers(model, world)) {
    if (isTaken(world, place.process, members)) continue
    const suspect = members.some(({ identity }) => world.records[identity]?.state === 'leased')
    const task = carefulTask(undefined, members, suspect)
    const unclaimed = model.wrong === 'parked ones in fast batches' && !suspect
    out.push({
      fault: false,
      text: `${who} takes parked ${members.map(({ message }) => `m${message}`).join(', ')}`,
      apply: (next) => setTask(next, place, unclaimed ? { ...task, phase: 'run' } : task),
    })
  }
}

function memberFor(model: Model, message: number): CarefulMember {
  return { identity: messageOf(model, message).key, message, lease: undefined, ran: false }
}

function isTaken(world: World, process: number, members: readonly CarefulMember[]): boolean {
  return processAt(world, process).tasks.some(
    (task) =>
      task?.kind === 'careful' &&
      task.arrival === undefined &&
      task.members.some(({ identity }) => members.some((one) => one.identity === identity)),
  )
}

function begin(world: World, place: Place, arrivals: readonly Arrival[], task: Task): void {
  const { held } = processAt(world, place.process)
  setProcess(world, place.process, { held: held.filter((one) => !arrivals.includes(one)) })
  setTask(world, place, task)
}

function fastTask(model: Model, members: readonly FastMember[]): FastTask {
  return {
    kind: 'fast',
    phase: firstPhase(model, members),
    members,
    broken: false,
    blocked: false,
    outcome: undefined,
  }
}

function carefulTask(
  arrival: Arrival | undefined,
  members: readonly CarefulMember[],
  alone: boolean,
): CarefulTask {
  return {
    kind: 'careful',
    phase: 'ready',
    alone,
    arrival,
    members,
    outcome: undefined,
    at: 0,
    token: 0,
    later: [],
    behind: [],
  }
}

export function endTask(model: Model, world: World, place: Place): void {
  setTask(world, place, undefined)
  forgetClaims(model, world, place)
}

/** A handler ends its process: everything in it is gone, and what it had in hand comes again. */
export function endProcess(model: Model, world: World, process: number, message: number): void {
  watchKill(model, world, message)
  gone(model, world, process, true)
}

function gone(model: Model, world: World, process: number, counted: boolean): void {
  comeAgain(model, world, process, counted)
  for (let slot = 0; slot < model.scenario.slots; slot++)
    forgetClaims(model, world, { process, slot })
  world.processes[process] = freshProcess(model.scenario)
}

function crash(model: Model, process: number): Action {
  return {
    fault: true,
    text: `P${process} CRASHES`,
    apply(next) {
      spend(next, 'crash')
      happened(model, 'a crash')
      gone(model, next, process, true)
    },
  }
}

/** Stopped in order: what has not taken effect is rolled back and given back. */
function stop(model: Model, process: number): Action {
  return {
    fault: true,
    text: `P${process} stops`,
    apply(next) {
      spend(next, 'stop')
      happened(model, 'a stop')
      for (const task of processAt(next, process).tasks)
        if (task?.kind === 'careful' && task.phase === 'run')
          for (const { lease, identity } of task.members)
            if (lease) put(model, next, identity, { on: 'release', lease })
      gone(model, next, process, false)
    },
  }
}
