import { arrivalsIn, putBack } from './deliveries.ts'
import { takeEffect } from './effects.ts'
import { endProcess } from './ends.ts'
import { afresh } from './fast-batch.ts'
import { insertOne } from './fast-commit.ts'
import { callHandler, errors, outcomeOf } from './handlers.ts'
import type { Model, Place, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { completed } from './store.ts'
import type { FastMember, FastTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

export function run(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  member: FastMember,
): void {
  const { message } = member.arrival
  const done = task.members
    .filter(({ fate }) => fate === 'done')
    .map(({ arrival }) => arrival.message)
  const inBatch = task.members.length > 1
  if (messageOf(model, message).handler === 'commits' && model.wrong === 'a handler may commit')
    return commitEarly(model, world, place, task, member)
  const ran = callHandler(model, world, message, done, inBatch)
  if (ran === 'kills') return endProcess(model, world, place.process, message)
  if (ran === 'throws' || ran === 'early')
    return leaveBatch(model, world, place, task, member, errors[ran])
  const members = task.members.map((one) =>
    one === member ? { ...one, fate: 'done' as const } : one,
  )
  const more = members.some(({ fate }) => fate === 'new')
  setTask(world, place, {
    ...task,
    members,
    phase: more ? 'run' : 'commit',
    broken: task.broken || ran === 'hides',
  })
}

/** P9, broken: what was inserted is completed with the handler's own COMMIT, whatever becomes of the rest. */
function commitEarly(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  member: FastMember,
): void {
  const reached = task.members.map((one) =>
    one === member ? { ...one, fate: 'done' as const } : one,
  )
  for (const { fate, arrival } of reached) {
    if (fate === 'done' || fate === 'new') insertOne(model, world, arrival.message, completed())
    if (fate === 'done') takeEffect(model, world, arrival.message)
  }
  const members = reached.map((one) =>
    one.fate === 'done' ? { ...one, fate: 'committed' as const } : one,
  )
  setTask(world, place, {
    ...task,
    members,
    phase: members.some(({ fate }) => fate === 'new') ? 'run' : 'commit',
  })
}

/** P10: it leaves with what is behind it in its lane; the rest re-runs at once. */
function leaveBatch(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  failed: FastMember,
  error: unknown,
): void {
  const { message } = failed.arrival
  if (task.members.length === 1) {
    const outcome = outcomeOf(model, message, error, 1, true)
    return setTask(world, place, { ...task, phase: 'write', outcome })
  }
  happened(model, 'left its batch')
  const { lane } = messageOf(model, message)
  const at = task.members.indexOf(failed)
  const follows = (one: FastMember, other: number): boolean =>
    lane &&
    other > at &&
    messageOf(model, one.arrival.message).lane &&
    model.wrong !== 'the rest of a batch re-runs with its lane'
  const rest = task.members.filter((one, other) => one !== failed && !follows(one, other))
  const behind = task.members.filter(follows)
  putBack(world, place.process, [
    { ...failed.arrival, careful: true },
    ...failed.copies,
    ...arrivalsIn(behind),
  ])
  setTask(world, place, rest.length === 0 ? undefined : afresh(model, task, rest))
}
