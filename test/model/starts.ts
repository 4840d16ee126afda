import { doorStarts } from './door.ts'
import { dueMembers } from './due.ts'
import { firstPhase } from './fast-batch.ts'
import { mayEnter } from './gate.ts'
import type { Action, Model, Place, World } from './kinds.ts'
import { batchesOf, singlesOf } from './line.ts'
import { messageOf } from './records.ts'
import type {
  Arrival,
  CarefulMember,
  CarefulTask,
  FastMember,
  FastTask,
  Task,
} from './task-kinds.ts'
import { processAt, setProcess, setTask } from './world.ts'

export function startActions(model: Model, world: World, place: Place, out: Action[]): void {
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
