import type { Model, Place, World } from './kinds.ts'
import { keyOf, messageOf } from './records.ts'
import { processAt } from './world.ts'

const holding = ['reread', 'run', 'commit']

/** Keys that a batch has inserted and not committed: whoever asks for one waits (P8). */
export function isLocked(model: Model, world: World, key: number, me: Place | undefined): boolean {
  return world.processes.some(({ tasks }, process) =>
    tasks.some((task, slot) => {
      if (task === undefined || (me?.process === process && me.slot === slot)) return false
      if (task.kind === 'door')
        return ['run', 'commit'].includes(task.phase) && messageOf(model, task.message).key === key
      if (task.kind !== 'fast' || !holding.includes(task.phase)) return false
      return task.members.some(
        ({ arrival, fate }) =>
          ['new', 'behind', 'done'].includes(fate) && keyOf(model, arrival) === key,
      )
    }),
  )
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
