import { verdicts } from '../../src/consume/verdict.ts'
import { giveBack } from './broker.ts'
import { ask } from './careful-claim.ts'
import { endTask } from './ends.ts'
import { isLocked, mayEnter } from './gate.ts'
import type { Model, Place, Step, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { claim, known } from './store.ts'
import type { CarefulTask } from './task-kinds.ts'
import { happened, processAt, setProcess, spend } from './world.ts'

export function readyActions(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  step: Step,
): void {
  const [only] = task.members
  if (only === undefined) return
  const what = task.members.map(({ message }) => `m${message}`).join(', ')
  const asking = {
    message: only.message,
    place,
    alone: task.alone,
    by: task.arrival ? 'delivery' : 'parked',
  } as const
  const held = task.arrival && known(model, world, asking)?.kind === 'held'
  if (held && verdicts.held.verdict === 'wait') return nackActions(model, world, place, task, step)
  if (!mayEnter(model, world, place, task.alone)) return
  if (task.members.some(({ identity }) => isLocked(model, world, identity, place))) return
  const how = task.alone ? ', alone' : ''
  step(`claims ${what}${how}`, (next) => ask(model, next, place, task))
  if (world.budget.lost > 0)
    step(
      `claims ${what}${how}, answer lost`,
      (next) => {
        spend(next, 'lost')
        happened(model, 'a lost answer')
        for (const { message } of task.members) claim(model, next, { ...asking, message })
      },
      true,
    )
}

/** P24: of a lane nothing is given back. */
function nackActions(
  model: Model,
  world: World,
  place: Place,
  { arrival }: CarefulTask,
  step: Step,
): void {
  if (arrival === undefined || world.budget.nack === 0) return
  const { lane } = messageOf(model, arrival.message)
  const { wrong } = model
  const alone = wrong === 'a held head of a lane is given back by itself'
  const whole = wrong === 'a held head is given back with all behind it'
  if (lane && !alone && !whole) return
  step(
    `gives d${arrival.delivery} back`,
    (next) => {
      spend(next, 'nack')
      endTask(model, next, place)
      giveBack(model, next, place.process, arrival)
      if (!whole) return
      const { held } = processAt(next, place.process)
      const goes = held.filter(({ message }) => messageOf(model, message).lane)
      setProcess(next, place.process, { held: held.filter((one) => !goes.includes(one)) })
      for (const one of goes) giveBack(model, next, place.process, one)
    },
    true,
  )
}
