import { carefulActions } from './careful.ts'
import { inHand } from './deliveries.ts'
import { doorActions } from './door.ts'
import { gone } from './ends.ts'
import { fastActions } from './fast.ts'
import type { Action, Model, World } from './kinds.ts'
import { startActions } from './starts.ts'
import { put } from './store.ts'
import { happened, processAt, spend } from './world.ts'

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
