import { verdicts } from '../../src/consume/verdict.ts'
import { acknowledge } from './broker.ts'
import { arrivalsOf, putBack } from './deliveries.ts'
import { afresh } from './fast-batch.ts'
import { commit, sealFailed, write, writeFailure } from './fast-commit.ts'
import { insert, reread } from './fast-insert.ts'
import { run } from './fast-run.ts'
import { isLocked } from './gate.ts'
import type { Action, Model, Place, Step, World } from './kinds.ts'
import { inLane } from './lane.ts'
import { keyOf } from './records.ts'
import type { FastTask } from './task-kinds.ts'
import { happened, setTask, spend } from './world.ts'

function named({ members }: FastTask): string {
  return members.map(({ arrival }) => `m${arrival.message}`).join(', ')
}

/** What a batch can do next. Each is one step at the store, or one call of a handler. */
export function fastActions(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  out: Action[],
): void {
  const who = `P${place.process}`
  const step = (text: string, apply: Action['apply'], fault = false): void => {
    out.push({ fault, text: `${who} ${text}`, apply })
  }
  switch (task.phase) {
    case 'look':
      return step('looks whether something parked stands in the lane', (next) => {
        const blocked =
          model.wrong !== 'later ones of a lane are not parked' && inLane(model, next).length > 0
        setTask(next, place, { ...task, phase: 'insert', blocked })
      })
    case 'insert':
      if (!task.members.some(({ arrival }) => isLocked(model, world, keyOf(model, arrival), place)))
        step(`inserts ${named(task)}`, (next) => insert(model, next, place, task))
      return
    case 'reread':
      return step('reads what is not new', (next) => reread(model, next, place, task))
    case 'run': {
      const member = task.members.find(({ fate }) => fate === 'new')
      if (member)
        step(`runs m${member.arrival.message} in the batch`, (next) =>
          run(model, next, place, task, member),
        )
      return
    }
    case 'commit':
      return commitActions(model, world, place, task, step)
    case 'write':
      if (task.members.some(({ arrival }) => isLocked(model, world, keyOf(model, arrival), place)))
        return
      step(`writes down the failure of ${named(task)}`, (next) => write(model, next, place, task))
      if (world.budget.lost > 0)
        for (const landed of [true, false])
          step(
            `writes down the failure of ${named(task)}, answer lost, ${landed ? 'done' : 'not done'}`,
            (next) => {
              lose(model, next)
              if (landed) writeFailure(model, next, task)
              putBack(next, place.process, arrivalsOf(task))
              setTask(next, place, undefined)
            },
            true,
          )
      return
    case 'acknowledge':
      step(`acknowledges ${named(task)}`, (next) => {
        setTask(next, place, undefined)
        for (const arrival of arrivalsOf(task)) acknowledge(model, next, place.process, arrival)
      })
  }
}

function commitActions(model: Model, world: World, place: Place, task: FastTask, step: Step): void {
  if (task.broken && model.wrong !== 'no seal')
    return step(`seals ${named(task)}: nothing is there`, (next) =>
      sealFailed(model, next, place, task),
    )
  step(`seals and commits ${named(task)}`, (next) => {
    commit(model, next, task)
    setTask(next, place, { ...task, phase: 'acknowledge' })
  })
  if (world.budget.lost === 0) return
  for (const landed of [true, false])
    step(
      `commits ${named(task)}, answer lost, ${landed ? 'done' : 'not done'}`,
      (next) => {
        lose(model, next)
        if (landed) commit(model, next, task)
        const { verdict } = verdicts.unknown
        const believes = model.wrong === 'an unknown commit is believed'
        if (believes) setTask(next, place, { ...task, phase: 'acknowledge' })
        else if (verdict === 'again') setTask(next, place, afresh(model, task, task.members))
      },
      true,
    )
}

function lose(model: Model, world: World): void {
  spend(world, 'lost')
  happened(model, 'a lost answer')
}
