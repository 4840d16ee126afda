import type { Claim } from '../../src/inbox/claim.ts'
import { refusedAnswer } from '../../src/once/answer.ts'
import { isLocked } from './fast.ts'
import { insertRecord } from './fast-steps.ts'
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

interface Move {
  readonly text: string
  readonly act: (model: Model, next: World, place: Place, task: DoorTask) => void
  /** Whether it is a commit of the store, whose answer can be lost. */
  readonly losable: boolean
}

/** One transaction: insert, handler, seal; a key that is not new is answered by the table (P29). */
const moves: Readonly<Record<DoorTask['phase'], Move>> = {
  insert: { text: 'inserts', act: insert, losable: false },
  reread: { text: 'reads what is there', act: reread, losable: false },
  claim: { text: 'claims', act: ask, losable: true },
  run: { text: 'calls the function', act: perform, losable: false },
  perform: { text: 'calls the function', act: perform, losable: false },
  commit: { text: 'seals and commits', act: commit, losable: true },
  settle: { text: 'settles', act: settle, losable: true },
  fail: { text: 'settles its failure', act: fail, losable: true },
  bury: { text: 'buries it', act: bury, losable: true },
}

export function doorActions(
  model: Model,
  world: World,
  place: Place,
  task: DoorTask,
  out: Action[],
): void {
  const { phase, message } = task
  const waits = phase === 'insert' || phase === 'claim'
  if (waits && isLocked(model, world, messageOf(model, message).key, place)) return
  const { text, act, losable } = moves[phase]
  const name = `P${place.process} run() of m${message} ${text}`
  out.push({ fault: false, text: name, apply: (next) => act(model, next, place, task) })
  if (!losable || world.budget.lost === 0) return
  for (const landed of [true, false])
    out.push({
      fault: true,
      text: `${name}, answer lost, ${landed ? 'done' : 'not done'}`,
      apply(next) {
        if (landed) act(model, next, place, task)
        next.answered[task.call] = world.answered[task.call] === true
        lose(model, next, place, task)
      },
    })
}

/** An insert or a claim is asked again; any other error is the caller's, who calls again. */
function lose(model: Model, world: World, place: Place, task: DoorTask): void {
  spend(world, 'lost')
  happened(model, 'a lost answer')
  if (model.wrong === 'an unknown commit is believed') return answer(model, world, place, task)
  if (task.phase === 'commit') setTask(world, place, { ...task, phase: 'insert' })
  else if (task.phase === 'claim') setTask(world, place, task)
  else endTask(model, world, place)
}

function insert(model: Model, world: World, place: Place, task: DoorTask): void {
  const { key } = messageOf(model, task.message)
  setTask(world, place, { ...task, phase: world.records[key] === undefined ? 'run' : 'reread' })
}

function reread(model: Model, world: World, place: Place, task: DoorTask): void {
  const { message } = task
  const claim = known(model, world, { message, place, alone: false, by: 'run' })
  if (claim === undefined) setTask(world, place, { ...task, phase: 'claim' })
  else answered(model, world, place, task, claim)
}

function ask(model: Model, world: World, place: Place, task: DoorTask): void {
  const { message } = task
  const asked = claim(model, world, { message, place, alone: false, by: 'run' })
  answered(model, world, place, task, asked)
}

function commit(model: Model, world: World, place: Place, task: DoorTask): void {
  insertRecord(model, world, task.message, completed())
  takeEffect(model, world, task.message)
  answer(model, world, place, task)
}

function fail(model: Model, world: World, place: Place, task: DoorTask): void {
  const { lease, outcome, message } = task
  const { key } = messageOf(model, message)
  if (lease && outcome) put(model, world, key, { on: 'settle', lease, outcome, repeatable: true })
  endTask(model, world, place)
}

function bury(model: Model, world: World, place: Place, task: DoorTask): void {
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
