import type { Outcome } from '../../src/inbox/record.ts'
import { acknowledge } from './broker.ts'
import { release } from './careful-leave.ts'
import { readyActions } from './careful-ready.ts'
import { intend, run } from './careful-run.ts'
import { bury, commit, fail } from './careful-settle.ts'
import { askedAgain } from './careful-turn.ts'
import { takeEffect } from './effects.ts'
import { endTask } from './ends.ts'
import { isLocked } from './gate.ts'
import { behindOutcome } from './handlers.ts'
import type { Action, Model, Place, Step, World } from './kinds.ts'
import { hasPassed, leaseMs, ownsLease } from './records.ts'
import { insertRecord, put } from './store.ts'
import type { CarefulTask } from './task-kinds.ts'
import { digestIdentity, happened, setTask, spend } from './world.ts'

interface Move {
  readonly text: (task: CarefulTask, model: Model) => string
  readonly act: (model: Model, next: World, place: Place, task: CarefulTask) => void
  /** Whether it is a commit of the store, whose answer can be lost. */
  readonly losable: boolean
}

const named = ({ members }: CarefulTask): string =>
  members.map(({ message }) => `m${message}`).join(', ')

/** One step each. */
const moves: Readonly<Record<Exclude<CarefulTask['phase'], 'ready'>, Move>> = {
  run: {
    text: ({ members }) => `runs m${members.find(({ ran }) => !ran)?.message}`,
    act: run,
    losable: false,
  },
  intend: {
    text: (task, { scenario }) =>
      `${scenario.level === 'D' ? 'records the intent of' : 'asks the far side about'} ${named(task)}`,
    act: intend,
    losable: false,
  },
  call: { text: (task) => `takes effect elsewhere for ${named(task)}`, act: call, losable: false },
  commit: { text: (task) => `settles ${named(task)} completed`, act: commit, losable: true },
  failing: {
    text: ({ members, at, outcome }) => `settles m${members[at]?.message} ${outcome?.state}`,
    act: fail,
    losable: true,
  },
  releasing: { text: () => 'releases those behind it in the lane', act: release, losable: false },
  bury: { text: (task) => `buries ${named(task)}`, act: bury, losable: true },
  park: { text: (task) => `parks ${named(task)} behind another`, act: park, losable: true },
  mismatch: {
    text: (task) => `buries the mismatched ${named(task)}`,
    act: buryMismatched,
    losable: true,
  },
  acknowledge: {
    text: (task) => `acknowledges d${task.arrival?.delivery} (${named(task)})`,
    act: acknowledgeOne,
    losable: false,
  },
}

/** What one task of the careful path can do next: a claim, a handler, a settlement, an acknowledgement. */
export function carefulActions(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  out: Action[],
): void {
  const step: Step = (text, apply, fault = false) => {
    out.push({ fault, text: `P${place.process} ${text}`, apply })
  }
  renewActions(model, world, task, step)
  if (task.phase === 'ready') return readyActions(model, world, place, task, step)
  const locked = task.members.some(({ identity }) => isLocked(model, world, identity, place))
  if (task.phase === 'park' && locked) return
  const { text, act, losable } = moves[task.phase]
  const apply = (next: World): void => act(model, next, place, task)
  if (losable) answered(model, world, place, task, step, text(task, model), apply)
  else step(text(task, model), apply)
}

/** Levels B to D. */
function call(model: Model, world: World, place: Place, task: CarefulTask): void {
  for (const { message } of task.members) takeEffect(model, world, message)
  setTask(world, place, { ...task, phase: 'commit' })
}

/** P23: by an insert that does nothing where there is a record. */
function park(model: Model, world: World, place: Place, task: CarefulTask): void {
  const message = task.members[0]?.message ?? 0
  const { answer } = insertRecord(model, world, message, behindOutcome(model, message))
  if (answer === 'inserted') happened(model, 'parked behind')
  setTask(world, place, { ...task, phase: answer === 'inserted' ? 'acknowledge' : 'ready' })
}

/** P3. */
function buryMismatched(model: Model, world: World, place: Place, task: CarefulTask): void {
  const message = task.members[0]?.message ?? 0
  const parked = model.parked[message]
  const outcome: Outcome = { state: 'dead', reason: 'mismatched', detail: '', message: parked }
  insertRecord(model, world, message, outcome, digestIdentity(model, message))
  setTask(world, place, { ...task, phase: 'acknowledge' })
}

function acknowledgeOne(model: Model, world: World, place: Place, task: CarefulTask): void {
  endTask(model, world, place)
  if (task.arrival) acknowledge(model, world, place.process, task.arrival)
}

/** A commit that is answered, or whose answer is lost, done or not: then the same claim asks again. */
function answered(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  step: Step,
  text: string,
  act: Action['apply'],
): void {
  step(text, act)
  if (world.budget.lost === 0) return
  for (const landed of [true, false])
    step(
      `${text}, answer lost, ${landed ? 'done' : 'not done'}`,
      (next) => {
        spend(next, 'lost')
        happened(model, 'a lost answer')
        if (landed) act(next)
        const { arrival } = task
        if (model.wrong === 'an unknown commit is believed' && arrival)
          return setTask(next, place, { ...task, phase: 'acknowledge' })
        if (arrival) setTask(next, place, askedAgain(task))
        else endTask(model, next, place)
      },
      true,
    )
}

/** Renewal, where it can make a difference: the lease has ended, or somebody else has come. */
function renewActions(
  model: Model,
  world: World,
  { members, later, behind }: CarefulTask,
  step: Step,
): void {
  for (const { lease, identity, message } of [...members, ...later, ...behind]) {
    const record = world.records[identity]
    const late = record !== undefined && hasPassed(record)
    if (lease && (late || !ownsLease(world, lease, identity)))
      step(`renews m${message}`, (next) =>
        put(model, next, identity, { on: 'renew', lease, leaseMs }),
      )
  }
}
