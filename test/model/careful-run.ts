import { DeadLetter } from '../../src/errors/steering.ts'
import { leave } from './careful-leave.ts'
import { turn } from './careful-turn.ts'
import { endProcess } from './ends.ts'
import { callHandler, errors, outcomeOf } from './handlers.ts'
import type { Model, Place, World } from './kinds.ts'
import { ownsLease } from './records.ts'
import type { CarefulTask } from './task-kinds.ts'
import { happened, ledgerAt, note, setTask } from './world.ts'

export function run(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members } = task
  const member = members.find(({ ran }) => !ran)
  if (member === undefined) return
  const before = members.filter(({ ran }) => ran).map(({ message }) => message)
  const ran = callHandler(model, world, member.message, before, members.length > 1)
  if (ran === 'kills') return endProcess(model, world, place.process, member.message)
  const at = members.indexOf(member)
  if (ran !== 'done') {
    const company = members.length > 1 && model.wrong !== 'a failure in company counts'
    if (company) return leave(model, world, place, { ...task, at }, member)
    const attempt = member.lease?.attempt ?? 1
    const outcome = outcomeOf(
      model,
      member.message,
      errors[ran],
      attempt,
      task.arrival !== undefined,
    )
    return setTask(world, place, { ...task, phase: 'failing', at, outcome })
  }
  const next = members.with(at, { ...member, ran: true })
  const phase = next.some((one) => !one.ran) ? 'run' : afterRun(model)
  setTask(world, place, { ...task, members: next, phase })
}

function afterRun({ scenario, wrong }: Model): CarefulTask['phase'] {
  const phases = { A: 'commit', B: 'call', C: 'call', D: 'intend', 'B asks': 'intend' } as const
  return wrong === 'no intent before the effect' && scenario.level === 'D'
    ? 'call'
    : phases[scenario.level]
}

/** Level D: recorded under the token, before the call; met again it is in doubt. `B asks`: the far side knows. */
export function intend(model: Model, world: World, place: Place, task: CarefulTask): void {
  const [member] = task.members
  if (member?.lease === undefined) return
  const { effects, intended } = ledgerAt(world, member.identity)
  if (model.scenario.level === 'B asks') {
    if (effects > 0) happened(model, 'the far side was asked and knew')
    return setTask(world, place, { ...task, phase: effects > 0 ? 'commit' : 'call' })
  }
  if (!ownsLease(world, member.lease, member.identity))
    return turn(model, world, place, task, 'fenced')
  if (!intended) {
    note(world, member.identity, { intended: true })
    return setTask(world, place, { ...task, phase: 'call' })
  }
  happened(model, 'in doubt')
  const outcome = outcomeOf(
    model,
    member.message,
    new DeadLetter('uncertain'),
    member.lease.attempt,
    true,
  )
  setTask(world, place, { ...task, phase: 'failing', at: 0, outcome })
}
