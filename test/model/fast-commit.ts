import type { Outcome } from '../../src/inbox/record.ts'
import { arrivalsIn, arrivalsOf, putBack } from './deliveries.ts'
import { takeEffect } from './effects.ts'
import { afresh } from './fast-batch.ts'
import { behindOutcome, errors, outcomeOf } from './handlers.ts'
import type { Model, Place, World } from './kinds.ts'
import { completed, insertRecord } from './store.ts'
import type { FastTask } from './task-kinds.ts'
import { broken, happened, setTask } from './world.ts'

/** Nobody can be blamed in a batch of several: it is halved. */
export function sealFailed(model: Model, world: World, place: Place, task: FastTask): void {
  happened(model, 'the seal failed')
  const [first, ...others] = task.members
  if (first === undefined) return
  if (others.length === 0) {
    const outcome = outcomeOf(model, first.arrival.message, errors.hides, 1, true)
    return setTask(world, place, { ...task, phase: 'write', outcome })
  }
  putBack(world, place.process, arrivalsIn(others))
  setTask(world, place, afresh(model, task, [first]))
}

export function commit(model: Model, world: World, task: FastTask): void {
  if (task.broken) return
  for (const { fate, arrival } of task.members) {
    const { message } = arrival
    if (fate === 'done') insertOne(model, world, message, completed())
    if (fate === 'done') takeEffect(model, world, message)
    if (fate === 'behind') insertOne(model, world, message, behindOutcome(model, message))
    if (fate === 'behind') happened(model, 'parked behind')
  }
}

export function insertOne(model: Model, world: World, message: number, outcome: Outcome): void {
  const { answer } = insertRecord(model, world, message, outcome)
  if (answer !== 'inserted') broken(world, `I1: a batch committed m${message} where a record was`)
}

/** A batch of one that failed: by an insert that does nothing where there is a record. */
export function write(model: Model, world: World, place: Place, task: FastTask): void {
  if (writeFailure(model, world, task))
    return setTask(world, place, { ...task, phase: 'acknowledge' })
  setTask(world, place, undefined)
  putBack(world, place.process, arrivalsOf(task))
}

export function writeFailure(model: Model, world: World, { members, outcome }: FastTask): boolean {
  const message = members[0]?.arrival.message ?? 0
  if (outcome === undefined) return false
  happened(model, 'parked')
  return insertRecord(model, world, message, outcome).answer === 'inserted'
}
