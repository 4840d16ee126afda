import type { Claim } from '../../src/inbox/claim.ts'
import type { Lease, Outcome } from '../../src/inbox/record.ts'
import { DeadLetter } from '../../src/errors/steering.ts'
import { type Situation, verdicts } from '../../src/consume/verdict.ts'
import { acknowledge, giveBack } from './broker.ts'
import { insertRecord, isLocked } from './fast.ts'
import { behindOutcome, callHandler, errors, outcomeOf } from './handlers.ts'
import { takeEffect } from './invariants.ts'
import type { Action, CarefulMember, CarefulTask, Model, Place, World } from './kinds.ts'
import { endProcess, endTask, mayEnter } from './process.ts'
import {
  claim,
  completed,
  hasPassed,
  inLane,
  isFirst,
  known,
  leaseMs,
  messageAt,
  messageOf,
  ownsLease,
  put,
} from './store.ts'
import {
  digestIdentity,
  happened,
  ledgerAt,
  note,
  processAt,
  setProcess,
  setTask,
  spend,
} from './world.ts'

type Step = (text: string, apply: Action['apply'], fault?: boolean) => void

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
  const what = task.members.map(({ message }) => `m${message}`).join(', ')
  renewActions(model, world, task, step)
  switch (task.phase) {
    case 'ready':
      return readyActions(model, world, place, task, step)
    case 'run': {
      const member = task.members.find(({ ran }) => !ran)
      if (member) step(`runs m${member.message}`, (next) => run(model, next, place, task, member))
      return
    }
    case 'intend':
      return step(
        `${model.scenario.level === 'D' ? 'records the intent of' : 'asks the far side about'} ${what}`,
        (next) => intend(model, next, place, task),
      )
    case 'call':
      return step(`takes effect elsewhere for ${what}`, (next) => {
        for (const { message } of task.members) takeEffect(model, next, message)
        setTask(next, place, { ...task, phase: 'commit' })
      })
    case 'commit':
      return answered(model, world, place, task, step, `settles ${what} completed`, (next) =>
        commit(model, next, place, task),
      )
    case 'failing':
      return answered(
        model,
        world,
        place,
        task,
        step,
        `settles m${task.members[task.at]?.message} ${task.outcome?.state}`,
        (next) => fail(model, next, place, task),
      )
    case 'releasing':
      return step('releases those behind it in the lane', (next) =>
        release(model, next, place, task),
      )
    case 'bury':
      return answered(model, world, place, task, step, `buries ${what}`, (next) =>
        bury(model, next, place, task),
      )
    case 'park':
      if (task.members.some(({ identity }) => isLocked(model, world, identity, place))) return
      return answered(model, world, place, task, step, `parks ${what} behind another`, (next) => {
        const message = task.members[0]?.message ?? 0
        const { answer } = insertRecord(model, next, message, behindOutcome(model, message))
        if (answer === 'inserted') happened(model, 'parked behind')
        setTask(next, place, { ...task, phase: answer === 'inserted' ? 'acknowledge' : 'ready' })
      })
    case 'mismatch':
      return answered(model, world, place, task, step, `buries the mismatched ${what}`, (next) => {
        const message = task.members[0]?.message ?? 0
        const outcome: Outcome = {
          state: 'dead',
          reason: 'mismatched',
          detail: '',
          message: model.parked[message],
        }
        insertRecord(model, next, message, outcome, digestIdentity(model, message))
        setTask(next, place, { ...task, phase: 'acknowledge' })
      })
    case 'acknowledge':
      return step(`acknowledges d${task.arrival?.delivery} (${what})`, (next) => {
        endTask(model, next, place)
        if (task.arrival) acknowledge(model, next, place.process, task.arrival)
      })
  }
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
        const { members, arrival } = task
        const asked = members.map((member) => ({ ...member, lease: undefined, ran: false }))
        const again: CarefulTask = {
          ...task,
          members: asked,
          phase: 'ready',
          outcome: undefined,
          at: 0,
          token: 0,
        }
        if (model.wrong === 'an unknown commit is believed' && arrival)
          return setTask(next, place, { ...task, phase: 'acknowledge' })
        if (arrival) setTask(next, place, again)
        else endTask(model, next, place)
      },
      true,
    )
}

/** Renewal: only where it makes a difference, when the lease has ended and nobody has come. */
function renewActions(
  model: Model,
  world: World,
  { members, later, behind }: CarefulTask,
  step: Step,
): void {
  for (const { lease, identity, message } of [...members, ...later, ...behind]) {
    const record = world.records[identity]
    if (lease && record && ownsLease(world, lease, identity) && hasPassed(record))
      step(`renews m${message}`, (next) =>
        put(model, next, identity, { on: 'renew', lease, leaseMs }),
      )
  }
}

function readyActions(
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
  if (task.arrival && known(model, world, asking)?.kind === 'held')
    return nackActions(model, world, place, task, step)
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
  const looks = arrival.suspect && !alone && model.wrong !== 'suspects run beside others'
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
function turn(
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

function run(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  member: CarefulMember,
): void {
  const { members } = task
  const before = members.filter(({ ran }) => ran).map(({ message }) => message)
  const ran = callHandler(model, world, member.message, before, members.length > 1)
  if (ran === 'kills') return endProcess(model, world, place.process, member.message)
  const at = members.indexOf(member)
  if (ran !== 'done') {
    const company = members.length > 1 && model.wrong !== 'a failure in company counts'
    if (company) return leave(model, world, place, { ...task, at, later: [...task.later, member] })
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
function intend(model: Model, world: World, place: Place, task: CarefulTask): void {
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

/** Level A: effects and records in one commit. Elsewhere: the record alone, repeatable. */
function commit(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, arrival } = task
  const levelA = model.scenario.level === 'A'
  if (model.wrong === 'parked ones in fast batches' && !arrival)
    return commitUnclaimed(model, world, place, task)
  const lost = members.findIndex(
    ({ lease, identity }) => lease === undefined || !settles(model, world, lease, identity),
  )
  if (lost >= 0 && levelA && model.wrong !== 'a fenced settlement commits all the same') {
    happened(model, 'fenced')
    if (arrival) return turn(model, world, place, task, 'fenced')
    return leave(model, world, place, { ...task, at: lost })
  }
  for (const { lease, identity, message } of members) {
    if (lease)
      put(model, world, identity, {
        on: 'settle',
        lease,
        outcome: completed(),
        repeatable: !levelA,
      })
    if (levelA) takeEffect(model, world, message)
  }
  wakeNext(model, world)
  if (lost >= 0 && !levelA) return turn(model, world, place, task, 'fenced')
  if (arrival) setTask(world, place, { ...task, phase: 'acknowledge' })
  else afterRest(model, world, place, task)
}

function settles({ wrong }: Model, world: World, lease: Lease, identity: number): boolean {
  const record = world.records[identity]
  return (
    ownsLease(world, lease, identity) ||
    (wrong === 'settlements without a token' && record?.state === 'leased')
  )
}

/** Broken on purpose: claims and settlements in the commit of the effects, as a fast batch would make them. */
function commitUnclaimed(model: Model, world: World, place: Place, task: CarefulTask): void {
  for (const { identity, message } of task.members) {
    const answer = claim(model, world, { message, place, alone: false, by: 'parked' })
    if (answer.kind !== 'granted') continue
    put(model, world, identity, {
      on: 'settle',
      lease: answer.lease,
      outcome: completed(),
      repeatable: false,
    })
    takeEffect(model, world, message)
  }
  endTask(model, world, place)
}

/** Broken on purpose: followers are due only when their head says so. */
function wakeNext(model: Model, world: World): void {
  if (model.wrong !== 'the head wakes its followers') return
  const [first] = inLane(model, world)
  const at = first ? world.records.indexOf(first) : -1
  if (first?.state === 'failed') world.records[at] = { ...first, untilMs: 0 }
}

function fail(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, at, outcome, arrival } = task
  const { lease, identity } = members[at] ?? {}
  if (lease === undefined || identity === undefined || outcome === undefined) return
  const { answer } = put(model, world, identity, {
    on: 'settle',
    lease,
    outcome,
    repeatable: true,
  }).row
  happened(model, answer === 'fenced' ? 'fenced' : outcome.state === 'dead' ? 'dead' : 'parked')
  if (arrival && answer === 'fenced') return turn(model, world, place, task, 'fenced')
  if (arrival) return setTask(world, place, { ...task, phase: 'acknowledge' })
  leave(model, world, place, task)
}

/** One leaves a careful batch, with what is behind it in its lane; the rest re-runs at once. */
function leave(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, at } = task
  const left = members[at]
  const lane = left !== undefined && messageOf(model, left.message).lane
  const follows = (one: CarefulMember, other: number): boolean =>
    lane &&
    other > at &&
    messageOf(model, one.message).lane &&
    model.wrong !== 'the rest of a careful batch re-runs with its lane'
  const behind = [...task.behind, ...members.filter(follows)]
  const rest = members.filter((one, other) => other !== at && !follows(one, other))
  if (rest.length === 0) return afterRest(model, world, place, { ...task, behind })
  const asked = rest.map((member) => ({ ...member, ran: false }))
  setTask(world, place, {
    ...task,
    members: asked,
    behind,
    phase: 'run',
    at: 0,
    outcome: undefined,
  })
}

/** When the rest has committed: those behind are released, the failed ones run by themselves under the same lease. */
function afterRest(model: Model, world: World, place: Place, task: CarefulTask): void {
  if (task.behind.length > 0)
    return setTask(world, place, { ...task, members: [], phase: 'releasing', outcome: undefined })
  const [next, ...later] = task.later
  if (next === undefined) return endTask(model, world, place)
  happened(model, 'by itself after company')
  setTask(world, place, {
    ...task,
    members: [{ ...next, ran: false }],
    later,
    phase: 'run',
    at: 0,
    outcome: undefined,
  })
}

function release(model: Model, world: World, place: Place, task: CarefulTask): void {
  for (const { lease, identity } of task.behind)
    if (lease) put(model, world, identity, { on: 'release', lease })
  afterRest(model, world, place, { ...task, behind: [] })
}

function bury(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, token, outcome, arrival } = task
  const { identity } = members[0] ?? { identity: 0 }
  if (outcome === undefined) return
  const { answer } = put(model, world, identity, { on: 'bury', token, outcome }).row
  happened(model, answer === 'buried' ? 'a burial' : 'a burial refused')
  if (answer !== 'buried') return turn(model, world, place, task, 'changed')
  if (arrival) setTask(world, place, { ...task, phase: 'acknowledge' })
  else endTask(model, world, place)
}

/** What a parked task may take now: the first of a lane with those behind it, or what stands in none. */
export function dueMembers(model: Model, world: World): readonly (readonly CarefulMember[])[] {
  const { batch } = model.scenario
  const sets: CarefulMember[][] = []
  for (const [at, record] of world.records.entries()) {
    if (record === undefined || at >= model.scenario.messages.length) continue
    if (!isDueHere(model, record) || !isFirst(model, world, record)) continue
    const chain =
      record.state === 'failed' && record.place !== undefined ? chainOf(model, world) : [at]
    sets.push(chain.slice(0, batch).map((identity) => memberOf(model, world, identity)))
    const others = [...world.records.keys()].filter((other) => other > at && isLoose(world, other))
    if (record.state === 'failed' && record.place === undefined && batch > 1)
      for (const other of others.slice(0, 1))
        sets.push([at, other].map((identity) => memberOf(model, world, identity)))
  }
  return sets
}

function isLoose(world: World, at: number): boolean {
  const record = world.records[at]
  return (
    record?.origin !== undefined &&
    record.state === 'failed' &&
    hasPassed(record) &&
    record.place === undefined
  )
}

function isDueHere({ wrong }: Model, record: NonNullable<World['records'][number]>): boolean {
  const parked =
    record.origin !== undefined && (record.state === 'failed' || record.state === 'leased')
  return (
    parked &&
    hasPassed(record) &&
    (record.state === 'failed' || wrong !== 'due are failed ones only')
  )
}

function chainOf(model: Model, world: World): readonly number[] {
  const chain: number[] = []
  for (const record of inLane(model, world)) {
    if (record.state !== 'failed' || !hasPassed(record)) break
    chain.push(world.records.indexOf(record))
  }
  return chain
}

function memberOf(model: Model, world: World, identity: number): CarefulMember {
  return { identity, message: messageAt(model, world, identity), lease: undefined, ran: false }
}
