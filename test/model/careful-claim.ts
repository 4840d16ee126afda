import type { Situation } from '../../src/consume/verdict.ts'
import type { Claim } from '../../src/inbox/claim.ts'
import type { Lease, Outcome } from '../../src/inbox/record.ts'
import { turn } from './careful-turn.ts'
import { endTask } from './ends.ts'
import type { Model, Place, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { claim, known } from './store.ts'
import type { CarefulMember, CarefulTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

/** One claim call, in lane order, under one claim id. */
export function ask(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { arrival, alone, members } = task
  if (arrival === undefined) return askParked(model, world, place, task)
  const { message, identity } = members[0] ?? { message: 0, identity: 0 }
  const asking = { message, place, alone, by: 'delivery' } as const
  const unread = messageOf(model, message).handler === 'unreadable'
  const looks = arrival.suspect && !alone && !unread && model.wrong !== 'suspects run beside others'
  if (
    looks &&
    known(model, world, asking) === undefined &&
    world.records[identity]?.state !== 'failed'
  )
    return setTask(world, place, { ...task, alone: true })
  const asAlone = alone || (arrival.suspect && model.wrong === 'suspects run beside others')
  const answer = claim(model, world, { ...asking, alone: asAlone })
  if (answer.kind === 'granted')
    return setTask(world, place, {
      ...task,
      members: [granted(members[0], answer.lease)],
      phase: 'run',
    })
  refuse(model, world, place, task, answer)
}

function granted(member: CarefulMember | undefined, lease: Lease): CarefulMember {
  const { identity, message } = member ?? { identity: 0, message: 0 }
  return { identity, message, lease, ran: false }
}

function askParked(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { alone, members } = task
  const [only] = members
  const kept: CarefulMember[] = []
  const refusals: (() => void)[] = []
  for (const member of members) {
    const answer = claim(model, world, { message: member.message, place, alone, by: 'parked' })
    if (answer.kind === 'granted') kept.push(granted(member, answer.lease))
    else if (answer.kind === 'exhausted' || member === only)
      refusals.push(() => refuse(model, world, place, { ...task, members: [member] }, answer))
  }
  if (members.length > 1) happened(model, 'a careful batch')
  const [refusal] = refusals
  if (kept.length > 0) setTask(world, place, { ...task, members: kept, phase: 'run' })
  else if (refusal) refusal()
  else endTask(model, world, place)
}

function refuse(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  answer: Exclude<Claim, { kind: 'granted' }>,
): void {
  if (answer.kind === 'exhausted') {
    const outcome: Outcome = {
      state: 'dead',
      reason: answer.reason,
      detail: '',
      message: task.arrival && model.parked[task.arrival.message],
    }
    if (model.wrong === 'takers do not bury' && !task.arrival) return endTask(model, world, place)
    return setTask(world, place, { ...task, phase: 'bury', token: answer.token, outcome })
  }
  if (answer.kind === 'behind' && task.arrival)
    return setTask(world, place, { ...task, phase: 'park' })
  if (answer.kind === 'mismatched' && task.arrival)
    return setTask(world, place, { ...task, phase: 'mismatch' })
  turn(model, world, place, task, situationOf(answer, task))
}

function situationOf(
  answer: Exclude<Claim, { kind: 'granted' | 'exhausted' }>,
  { arrival }: CarefulTask,
): Situation['kind'] {
  switch (answer.kind) {
    case 'completed':
    case 'parked':
    case 'dead':
      return 'duplicate'
    case 'held':
    case 'mismatched':
    case 'behind':
      return arrival ? 'held' : 'gone'
    default:
      return answer.kind
  }
}
