import { type Situation, verdicts } from '../../src/consume/verdict.ts'
import { endTask } from './ends.ts'
import type { Model, Place, World } from './kinds.ts'
import type { CarefulTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

/** The product's table of verdicts. */
export function turn(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  situation: Situation['kind'],
): void {
  const { verdict } = verdicts[situation]
  happened(model, `verdict: ${verdict}`)
  const again = askedAgain(task)
  if (verdict === 'alone') return setTask(world, place, { ...again, alone: true })
  if (verdict === 'ack' && task.arrival)
    return setTask(world, place, { ...task, phase: 'acknowledge' })
  if (verdict === 'ack' || verdict === 'drop') return endTask(model, world, place)
  setTask(world, place, again)
}

/** From the start, without what it had been granted. */
export function askedAgain(task: CarefulTask): CarefulTask {
  const members = task.members.map((member) => ({ ...member, lease: undefined, ran: false }))
  return { ...task, members, phase: 'ready', outcome: undefined, at: 0, token: 0 }
}
