import type { Claim } from '../../src/inbox/claim.ts'
import { refusedAnswer } from '../../src/once/answer.ts'
import { takeEffect } from './effects.ts'
import { endProcess, endTask } from './ends.ts'
import { callHandler, errors, outcomeOf } from './handlers.ts'
import type { Model, Place, World } from './kinds.ts'
import { messageOf, ownsLease } from './records.ts'
import { claim, completed, insertRecord, known, put } from './store.ts'
import type { DoorTask } from './task-kinds.ts'
import { broken, happened, ledgerAt, setTask } from './world.ts'

export function insert(model: Model, world: World, place: Place, task: DoorTask): void {
  const { key } = messageOf(model, task.message)
  setTask(world, place, { ...task, phase: world.records[key] === undefined ? 'run' : 'reread' })
}

export function reread(model: Model, world: World, place: Place, task: DoorTask): void {
  const { message } = task
  const claim = known(model, world, { message, place, alone: false, by: 'run' })
  if (claim === undefined) setTask(world, place, { ...task, phase: 'claim' })
  else answered(model, world, place, task, claim)
}

export function ask(model: Model, world: World, place: Place, task: DoorTask): void {
  const { message } = task
  const asked = claim(model, world, { message, place, alone: false, by: 'run' })
  answered(model, world, place, task, asked)
}

export function commit(model: Model, world: World, place: Place, task: DoorTask): void {
  insertRecord(model, world, task.message, completed())
  takeEffect(model, world, task.message)
  answer(model, world, place, task)
}

export function fail(model: Model, world: World, place: Place, task: DoorTask): void {
  const { lease, outcome, message } = task
  const { key } = messageOf(model, message)
  if (lease && outcome) put(model, world, key, { on: 'settle', lease, outcome, repeatable: true })
  endTask(model, world, place)
}

export function bury(model: Model, world: World, place: Place, task: DoorTask): void {
  const { key } = messageOf(model, task.message)
  const outcome = { state: 'dead', reason: 'crashed', detail: '', message: undefined } as const
  put(model, world, key, { on: 'bury', token: task.token, outcome })
  endTask(model, world, place)
}

function answered(model: Model, world: World, place: Place, task: DoorTask, claim: Claim): void {
  if (claim.kind === 'granted')
    return setTask(world, place, { ...task, phase: 'perform', lease: claim.lease })
  if (claim.kind === 'exhausted')
    return setTask(world, place, { ...task, phase: 'bury', token: claim.token })
  const { kind } = refusedAnswer(claim)
  happened(model, `run() answers ${kind}`)
  if (kind === 'held') return endTask(model, world, place)
  if (kind === 'completed') return answer(model, world, place, task)
  world.answered[task.call] = true
  endTask(model, world, place)
}

/** I5 of door 1: what was answered has taken effect. */
export function answer(
  model: Model,
  world: World,
  place: Place,
  { call, message }: DoorTask,
): void {
  const { key } = messageOf(model, message)
  if (world.records[key]?.state !== 'completed' || ledgerAt(world, key).effects === 0)
    broken(world, `I5 LOST: run() of m${message} returned, effects ${ledgerAt(world, key).effects}`)
  happened(model, 'run() returns')
  world.answered[call] = true
  endTask(model, world, place)
}

export function perform(model: Model, world: World, place: Place, task: DoorTask): void {
  const { message, lease } = task
  const { level } = model.scenario
  const ran = callHandler(model, world, message, [], false)
  if (ran === 'kills') return endProcess(model, world, place.process, message)
  if (ran !== 'done') {
    happened(model, 'run() throws')
    const outcome = lease && outcomeOf(model, message, errors[ran], lease.attempt, false)
    return lease
      ? setTask(world, place, { ...task, phase: 'fail', outcome })
      : endTask(model, world, place)
  }
  if (level !== 'A') takeEffect(model, world, message)
  setTask(world, place, { ...task, phase: lease ? 'settle' : 'commit' })
}

export function settle(model: Model, world: World, place: Place, task: DoorTask): void {
  const { lease, message } = task
  const { key } = messageOf(model, message)
  if (lease === undefined) return
  const levelA = model.scenario.level === 'A'
  const mine = ownsLease(world, lease, key)
  put(model, world, key, { on: 'settle', lease, outcome: completed(), repeatable: !levelA })
  if (mine && levelA) takeEffect(model, world, message)
  if (mine) return answer(model, world, place, task)
  happened(model, 'fenced')
  endTask(model, world, place)
}
