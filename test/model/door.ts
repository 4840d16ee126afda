import { answer, ask, bury, commit, fail, insert, perform, reread, settle } from './door-steps.ts'
import { endTask } from './ends.ts'
import { isLocked } from './gate.ts'
import type { Action, Model, Place, World } from './kinds.ts'
import { messageOf } from './records.ts'
import type { DoorTask } from './task-kinds.ts'
import { happened, setTask, spend } from './world.ts'

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
