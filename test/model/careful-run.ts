import { DeadLetter } from '../../src/errors/steering.ts'
import type { Lease } from '../../src/inbox/record.ts'
import { turn } from './careful-claim.ts'
import { callHandler, errors, outcomeOf } from './handlers.ts'
import { takeEffect } from './invariants.ts'
import type { CarefulMember, CarefulTask, Model, Place, World } from './kinds.ts'
import { endProcess, endTask } from './process.ts'
import { claim, completed, inLane, messageOf, ownsLease, put } from './store.ts'
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

/** Level A: effects and records in one commit. Elsewhere: the record alone, repeatable. */
export function commit(model: Model, world: World, place: Place, task: CarefulTask): void {
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

export function fail(model: Model, world: World, place: Place, task: CarefulTask): void {
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

/**
 * One leaves a careful batch, with what is behind it in its lane, also what has left before; the rest re-runs at once.
 * `failed`: it gets a transaction of its own later.
 */
function leave(
  model: Model,
  world: World,
  place: Place,
  task: CarefulTask,
  failed?: CarefulMember,
): void {
  const { members, at } = task
  const inLane = ({ message }: CarefulMember): boolean => messageOf(model, message).lane
  const left = members[at]
  const lane = left !== undefined && inLane(left)
  const passes = model.wrong === 'the rest of a careful batch re-runs with its lane'
  const follows = (one: CarefulMember, other: number): boolean =>
    lane && other > at && inLane(one) && !passes
  const overtakes = (one: CarefulMember): boolean =>
    lane && inLane(one) && model.wrong !== 'what failed in company runs before what left after it'
  if (task.later.some(overtakes)) happened(model, 'left after one behind it')
  const behind = [...task.behind, ...task.later.filter(overtakes), ...members.filter(follows)]
  const later = [...task.later.filter((one) => !overtakes(one)), ...(failed ? [failed] : [])]
  const rest = members.filter((one, other) => other !== at && !follows(one, other))
  if (rest.length === 0) return afterRest(model, world, place, { ...task, later, behind })
  const asked = rest.map((member) => ({ ...member, ran: false }))
  const changed = { ...task, members: asked, later, behind, at: 0, outcome: undefined }
  setTask(world, place, { ...changed, phase: 'run' })
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

export function release(model: Model, world: World, place: Place, task: CarefulTask): void {
  for (const { lease, identity } of task.behind)
    if (lease) put(model, world, identity, { on: 'release', lease })
  afterRest(model, world, place, { ...task, behind: [] })
}

export function bury(model: Model, world: World, place: Place, task: CarefulTask): void {
  const { members, token, outcome, arrival } = task
  const { identity } = members[0] ?? { identity: 0 }
  if (outcome === undefined) return
  const { answer } = put(model, world, identity, { on: 'bury', token, outcome }).row
  happened(model, answer === 'buried' ? 'a burial' : 'a burial refused')
  if (answer !== 'buried') return turn(model, world, place, task, 'changed')
  if (arrival) setTask(world, place, { ...task, phase: 'acknowledge' })
  else endTask(model, world, place)
}
