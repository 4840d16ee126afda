import { type Situation, verdicts } from '../../src/consume/verdict.ts'
import type { Claim } from '../../src/inbox/claim.ts'
import type { Lease, Outcome } from '../../src/inbox/record.ts'
import { giveBack } from './broker.ts'
import { isLocked } from './fast.ts'
import type { CarefulMember, CarefulTask, Model, Place, Step, World } from './kinds.ts'
import { endTask, mayEnter } from './process.ts'
import { claim, known, messageOf } from './store.ts'
import { happened, processAt, setProcess, setTask, spend } from './world.ts'

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

/** One claim call, in lane order, under one claim id. */
function ask(model: Model, world: World, place: Place, task: CarefulTask): void {
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

/** The product's table of verdicts. */
export function turn(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  situation: Situation['kind'],
): void {
  const { verdict } = verdicts[situation]
  happened(model, `verdict: ${verdict}`)
  const asked = task.members.map((member) => ({ ...member, lease: undefined, ran: false }))
  const again: CarefulTask = {
    ...task,
    members: asked,
    phase: 'ready',
    outcome: undefined,
    at: 0,
    token: 0,
  }
  if (verdict === 'alone') return setTask(world, place, { ...again, alone: true })
  if (verdict === 'ack' && task.arrival)
    return setTask(world, place, { ...task, phase: 'acknowledge' })
  if (verdict === 'ack' || verdict === 'drop') return endTask(model, world, place)
  setTask(world, place, again)
}
