import type { Claim } from '../../src/inbox/claim.ts'
import { refusedAnswer } from '../../src/once/answer.ts'
import { insertRecord, isLocked } from './fast.ts'
import { callHandler, errors, outcomeOf } from './handlers.ts'
import { takeEffect } from './invariants.ts'
import type { Action, DoorTask, Model, Place, World } from './kinds.ts'
import { endProcess, endTask } from './process.ts'
import { claim, completed, known, messageOf, ownsLease, put } from './store.ts'
import { broken, happened, ledgerAt, setTask, spend } from './world.ts'

/** A call of `run()` that has no final answer yet: its caller calls again. */
export function doorStarts(model: Model, world: World, place: Place, out: Action[]): void {
  for (const [call, message] of model.scenario.calls.entries()) {
    const underWay = world.processes.some(({ tasks }) =>
      tasks.some((task) => task?.kind === 'door' && task.call === call),
    )
    if (world.answered[call] === true || underWay) continue
    const phase = model.scenario.level === 'A' ? 'insert' : 'claim'
    const task: DoorTask = {
      kind: 'door',
      phase,
      call,
      message,
      lease: undefined,
      outcome: undefined,
      token: 0,
    }
    out.push({
      fault: false,
      text: `P${place.process} calls run() for m${message}`,
      apply: (next) => setTask(next, place, task),
    })
  }
}

/** One transaction: insert, handler, seal; a key that is not new is answered by the table (P29). */
export function doorActions(
  model: Model,
  world: World,
  place: Place,
  task: DoorTask,
  out: Action[],
): void {
  const { message } = task
  const { key } = messageOf(model, message)
  const step = (text: string, act: (next: World) => void, losable = false): void => {
    const name = `P${place.process} run() of m${message} ${text}`
    out.push({ fault: false, text: name, apply: act })
    if (!losable || world.budget.lost === 0) return
    for (const landed of [true, false])
      out.push({
        fault: true,
        text: `${name}, answer lost, ${landed ? 'done' : 'not done'}`,
        apply(next) {
          spend(next, 'lost')
          happened(model, 'a lost answer')
          if (landed) act(next)
          next.answered[task.call] = world.answered[task.call] === true
          if (model.wrong === 'an unknown commit is believed')
            return answer(model, next, place, task)
          const phase = task.phase === 'commit' ? 'insert' : 'claim'
          if (task.phase === 'commit' || task.phase === 'claim')
            setTask(next, place, { ...task, phase })
          else endTask(model, next, place)
        },
      })
  }
  switch (task.phase) {
    case 'insert':
      if (isLocked(model, world, key, place)) return
      return step('inserts', (next) =>
        setTask(next, place, {
          ...task,
          phase: next.records[key] === undefined ? 'run' : 'reread',
        }),
      )
    case 'reread':
      return step('reads what is there', (next) => {
        const claim = known(model, next, { message, place, alone: false, by: 'run' })
        if (claim === undefined) setTask(next, place, { ...task, phase: 'claim' })
        else answered(model, next, place, task, claim)
      })
    case 'claim':
      if (isLocked(model, world, key, place)) return
      return step(
        'claims',
        (next) =>
          answered(
            model,
            next,
            place,
            task,
            claim(model, next, { message, place, alone: false, by: 'run' }),
          ),
        true,
      )
    case 'run':
    case 'perform':
      return step('calls the function', (next) => perform(model, next, place, task))
    case 'commit':
      return step(
        'seals and commits',
        (next) => {
          insertRecord(model, next, message, completed())
          takeEffect(model, next, message)
          answer(model, next, place, task)
        },
        true,
      )
    case 'settle':
      return step('settles', (next) => settle(model, next, place, task), true)
    case 'fail':
      return step(
        'settles its failure',
        (next) => {
          const { lease, outcome } = task
          if (lease && outcome)
            put(model, next, key, { on: 'settle', lease, outcome, repeatable: true })
          endTask(model, next, place)
        },
        true,
      )
    case 'bury':
      return step(
        'buries it',
        (next) => {
          const outcome = {
            state: 'dead',
            reason: 'crashed',
            detail: '',
            message: undefined,
          } as const
          put(model, next, key, { on: 'bury', token: task.token, outcome })
          endTask(model, next, place)
        },
        true,
      )
  }
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
function answer(model: Model, world: World, place: Place, { call, message }: DoorTask): void {
  const { key } = messageOf(model, message)
  if (world.records[key]?.state !== 'completed' || ledgerAt(world, key).effects === 0)
    broken(world, `I5 LOST: run() of m${message} returned, effects ${ledgerAt(world, key).effects}`)
  happened(model, 'run() returns')
  world.answered[call] = true
  endTask(model, world, place)
}

function perform(model: Model, world: World, place: Place, task: DoorTask): void {
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

function settle(model: Model, world: World, place: Place, task: DoorTask): void {
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
