import type { Lease } from '../../src/inbox/record.ts'
import { afterRest, leave } from './careful-leave.ts'
import { turn } from './careful-turn.ts'
import { takeEffect } from './effects.ts'
import { endTask } from './ends.ts'
import type { Model, Place, World } from './kinds.ts'
import { inLane } from './lane.ts'
import { ownsLease } from './records.ts'
import { claim, completed, put } from './store.ts'
import type { CarefulTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

/** Level A: effects and records in one commit. Elsewhere: the record alone, repeatable. */
export function commit(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, arrival } = task
  const levelA = model.scenario.level === 'A'
  if (model.wrong === 'parked ones in fast batches' && !arrival)
    return commitUnclaimed(model, world, place, task)
  const lost = members.findIndex(
    ({ lease, identity }) => lease === undefined || !settles(model, world, lease, identity),
  )
  if (lost >= 0 && levelA && model.wrong !== 'a fenced settlement commits all the same') {
    happened(model, 'fenced')
    if (arrival) return turn(model, world, place, task, 'fenced')
    return leave(model, world, place, { ...task, at: lost })
  }
  for (const { lease, identity, message } of members) {
    if (lease)
      put(model, world, identity, {
        on: 'settle',
        lease,
        outcome: completed(),
        repeatable: !levelA,
      })
    if (levelA) takeEffect(model, world, message)
  }
  wakeNext(model, world)
  if (lost >= 0 && !levelA) return turn(model, world, place, task, 'fenced')
  if (arrival) setTask(world, place, { ...task, phase: 'acknowledge' })
  else afterRest(model, world, place, task)
}

function settles({ wrong }: Model, world: World, lease: Lease, identity: number): boolean {
  const record = world.records[identity]
  return (
    ownsLease(world, lease, identity) ||
    (wrong === 'settlements without a token' && record?.state === 'leased')
  )
}

/** Broken on purpose: claims and settlements in the commit of the effects, as a fast batch would make them. */
function commitUnclaimed(model: Model, world: World, place: Place, task: CarefulTask): void {
  for (const { identity, message } of task.members) {
    const answer = claim(model, world, { message, place, alone: false, by: 'parked' })
    if (answer.kind !== 'granted') continue
    put(model, world, identity, {
      on: 'settle',
      lease: answer.lease,
      outcome: completed(),
      repeatable: false,
    })
    takeEffect(model, world, message)
  }
  endTask(model, world, place)
}

/** Broken on purpose: followers are due only when their head says so. */
function wakeNext(model: Model, world: World): void {
  if (model.wrong !== 'the head wakes its followers') return
  const [first] = inLane(model, world)
  const at = first ? world.records.indexOf(first) : -1
  if (first?.state === 'failed') world.records[at] = { ...first, untilMs: 0 }
}

export function fail(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, at, outcome, arrival } = task
  const { lease, identity } = members[at] ?? {}
  if (lease === undefined || identity === undefined || outcome === undefined) return
  const { answer } = put(model, world, identity, {
    on: 'settle',
    lease,
    outcome,
    repeatable: true,
  }).row
  happened(model, answer === 'fenced' ? 'fenced' : outcome.state === 'dead' ? 'dead' : 'parked')
  if (arrival && answer === 'fenced') return turn(model, world, place, task, 'fenced')
  if (arrival) return setTask(world, place, { ...task, phase: 'acknowledge' })
  leave(model, world, place, task)
}

export function bury(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, token, outcome, arrival } = task
  const { identity } = members[0] ?? { identity: 0 }
  if (outcome === undefined) return
  const { answer } = put(model, world, identity, { on: 'bury', token, outcome }).row
  happened(model, answer === 'buried' ? 'a burial' : 'a burial refused')
  if (answer !== 'buried') return turn(model, world, place, task, 'changed')
  if (arrival) setTask(world, place, { ...task, phase: 'acknowledge' })
  else endTask(model, world, place)
}
