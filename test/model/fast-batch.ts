import type { Model } from './kinds.ts'
import { messageOf } from './records.ts'
import type { FastMember, FastTask } from './task-kinds.ts'

/** The same batch, or what is left of it, from its first step. */
export function afresh(model: Model, task: FastTask, members: readonly FastMember[]): FastTask {
  const asked = members.map((member) => ({ ...member, fate: 'asked' }) as const)
  return {
    ...task,
    phase: firstPhase(model, members),
    members: asked,
    broken: false,
    blocked: false,
    outcome: undefined,
  }
}

/** P23: the lane is looked at inside the transaction, by a statement of its own. */
export function firstPhase(model: Model, members: readonly FastMember[]): FastTask['phase'] {
  return members.some(({ arrival }) => messageOf(model, arrival.message).lane) ? 'look' : 'insert'
}
