import type { NewRecord } from '../../src/inbox/claim.ts'
import type { Outcome } from '../../src/inbox/record.ts'
import { behindOutcome, callHandler, errors, outcomeOf } from './handlers.ts'
import { takeEffect } from './invariants.ts'
import type { Arrival, FastMember, FastTask, Model, Place, World } from './kinds.ts'
import { endProcess } from './process.ts'
import { completed, known, messageOf, put } from './store.ts'
import { broken, happened, processAt, setProcess, setTask } from './world.ts'

/** P8, P23: the look at the lane and the insert of all keys. */
export function insert(model: Model, world: World, place: Place, task: FastTask): void {
  if (task.members.length > 1) happened(model, 'a batch of two')
  const members = task.members.map((member): FastMember => {
    const { message } = member.arrival
    const { key, lane } = messageOf(model, message)
    if (world.records[key] !== undefined) return { ...member, fate: 'known' }
    return { ...member, fate: lane && task.blocked ? 'behind' : 'new' }
  })
  const conflict = members.some(({ fate }) => fate === 'known')
  if (!conflict) return goOn(world, place, { ...task, members })
  happened(model, 'a conflict')
  if (model.wrong !== 'no conflict re-read')
    return setTask(world, place, { ...task, members, phase: 'reread' })
  goOn(world, place, {
    ...task,
    members: members.map((one) => (one.fate === 'known' ? { ...one, fate: 'duplicate' } : one)),
  })
}

function goOn(world: World, place: Place, task: FastTask): void {
  if (task.members.length === 0) return setTask(world, place, undefined)
  const fates = task.members.map(({ fate }) => fate)
  const phase = fates.includes('new')
    ? 'run'
    : fates.every((fate) => fate === 'duplicate')
      ? 'acknowledge'
      : 'commit'
  setTask(world, place, { ...task, phase })
}

/** A key that is not new is not thereby a duplicate. */
export function reread(model: Model, world: World, place: Place, task: FastTask): void {
  happened(model, 'a conflict re-read')
  const members: FastMember[] = []
  let closed = false
  for (const member of task.members) {
    const { arrival, copies, fate } = member
    const { lane } = messageOf(model, arrival.message)
    if (lane && closed) putBack(world, place.process, arrivals({ members: [member] }))
    else if (fate !== 'known') members.push(member)
    else if (isDuplicate(model, world, place, arrival)) {
      members.push({ ...member, fate: 'duplicate' })
      const parked = world.records[keyOf(model, arrival)]?.place !== undefined
      closed ||=
        lane && parked && model.wrong !== 'a parked head found by the re-read closes no lane'
    } else {
      if (world.records[keyOf(model, arrival)] === undefined) happened(model, 'a conflict vanished')
      putBack(world, place.process, [{ ...arrival, careful: true }, ...copies])
      closed ||= lane
    }
  }
  goOn(world, place, { ...task, members })
}

function isDuplicate(model: Model, world: World, place: Place, { message }: Arrival): boolean {
  const record = world.records[keyOf(model, { message } as Arrival)]
  if (record === undefined) return model.wrong === 'a vanished conflict is a duplicate'
  const claim = known(model, world, { message, place, alone: false, by: 'delivery' })
  return claim?.kind === 'completed' || claim?.kind === 'dead' || claim?.kind === 'parked'
}

export function run(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  member: FastMember,
): void {
  const { message } = member.arrival
  const done = task.members
    .filter(({ fate }) => fate === 'done')
    .map(({ arrival }) => arrival.message)
  const inBatch = task.members.length > 1
  if (messageOf(model, message).handler === 'commits' && model.wrong === 'a handler may commit')
    return commitEarly(model, world, place, task, member)
  const ran = callHandler(model, world, message, done, inBatch)
  if (ran === 'kills') return endProcess(model, world, place.process, message)
  if (ran === 'throws' || ran === 'early')
    return leaveBatch(model, world, place, task, member, errors[ran])
  const members = task.members.map((one) =>
    one === member ? { ...one, fate: 'done' as const } : one,
  )
  const more = members.some(({ fate }) => fate === 'new')
  setTask(world, place, {
    ...task,
    members,
    phase: more ? 'run' : 'commit',
    broken: task.broken || ran === 'hides',
  })
}

/** P9, broken: what was inserted is completed with the handler's own COMMIT, whatever becomes of the rest. */
function commitEarly(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  member: FastMember,
): void {
  const reached = task.members.map((one) =>
    one === member ? { ...one, fate: 'done' as const } : one,
  )
  for (const { fate, arrival } of reached) {
    if (fate === 'done' || fate === 'new') insertOne(model, world, arrival.message, completed())
    if (fate === 'done') takeEffect(model, world, arrival.message)
  }
  const members = reached.map((one) =>
    one.fate === 'done' ? { ...one, fate: 'committed' as const } : one,
  )
  setTask(world, place, {
    ...task,
    members,
    phase: members.some(({ fate }) => fate === 'new') ? 'run' : 'commit',
  })
}

/** P10: it leaves with what is behind it in its lane; the rest re-runs at once. */
function leaveBatch(
  model: Model,
  world: World,
  place: Place,
  task: FastTask,
  failed: FastMember,
  error: unknown,
): void {
  const { message } = failed.arrival
  if (task.members.length === 1) {
    const outcome = outcomeOf(model, message, error, 1, true)
    return setTask(world, place, { ...task, phase: 'write', outcome })
  }
  happened(model, 'left its batch')
  const { lane } = messageOf(model, message)
  const at = task.members.indexOf(failed)
  const follows = (one: FastMember, other: number): boolean =>
    lane &&
    other > at &&
    messageOf(model, one.arrival.message).lane &&
    model.wrong !== 'the rest of a batch re-runs with its lane'
  const rest = task.members.filter((one, other) => one !== failed && !follows(one, other))
  const behind = task.members.filter(follows)
  putBack(world, place.process, [
    { ...failed.arrival, careful: true },
    ...failed.copies,
    ...arrivals({ members: behind }),
  ])
  setTask(world, place, rest.length === 0 ? undefined : afresh(model, task, rest))
}

/** Nobody can be blamed in a batch of several: it is halved. */
export function sealFailed(model: Model, world: World, place: Place, task: FastTask): void {
  happened(model, 'the seal failed')
  const [first, ...others] = task.members
  if (first === undefined) return
  if (others.length === 0) {
    const outcome = outcomeOf(model, first.arrival.message, errors.hides, 1, true)
    return setTask(world, place, { ...task, phase: 'write', outcome })
  }
  putBack(world, place.process, arrivals({ members: others }))
  setTask(world, place, afresh(model, task, [first]))
}

export function commit(model: Model, world: World, task: FastTask): void {
  if (task.broken) return
  for (const { fate, arrival } of task.members) {
    const { message } = arrival
    if (fate === 'done') insertOne(model, world, message, completed())
    if (fate === 'done') takeEffect(model, world, message)
    if (fate === 'behind') insertOne(model, world, message, behindOutcome(model, message))
    if (fate === 'behind') happened(model, 'parked behind')
  }
}

function insertOne(model: Model, world: World, message: number, outcome: Outcome): void {
  const { answer } = insertRecord(model, world, message, outcome)
  if (answer !== 'inserted') broken(world, `I1: a batch committed m${message} where a record was`)
}

export function insertRecord(
  model: Model,
  world: World,
  message: number,
  outcome: Outcome,
  at: number = messageOf(model, message).key,
): { readonly answer: string } {
  const fingerprint: NewRecord['fingerprint'] = model.fingerprints[message] ?? new Uint8Array()
  return put(model, world, at, { on: 'insert', fingerprint, outcome }).row
}

/** A batch of one that failed: by an insert that does nothing where there is a record. */
export function write(model: Model, world: World, place: Place, task: FastTask): void {
  if (writeFailure(model, world, task))
    return setTask(world, place, { ...task, phase: 'acknowledge' })
  setTask(world, place, undefined)
  putBack(world, place.process, arrivals(task))
}

export function writeFailure(model: Model, world: World, { members, outcome }: FastTask): boolean {
  const message = members[0]?.arrival.message ?? 0
  if (outcome === undefined) return false
  happened(model, 'parked')
  return insertRecord(model, world, message, outcome).answer === 'inserted'
}

/** First in line again, in their order. */
export function putBack(world: World, process: number, back: readonly Arrival[]): void {
  const { held } = processAt(world, process)
  const sorted = [...held, ...back].sort((a, b) => a.number - b.number)
  setProcess(world, process, { held: sorted })
}

export function arrivals({
  members,
}: {
  readonly members: readonly FastMember[]
}): readonly Arrival[] {
  return members.flatMap(({ arrival, copies }) => [arrival, ...copies])
}

export function afresh(model: Model, task: FastTask, members: readonly FastMember[]): FastTask {
  const asked = members.map((member) => ({ ...member, fate: 'asked' }) as const)
  return {
    ...task,
    phase: firstPhase(model, members),
    members: asked,
    broken: false,
    blocked: false,
    outcome: undefined,
  }
}

/** P23: the lane is looked at inside the transaction, by a statement of its own. */
export function firstPhase(model: Model, members: readonly FastMember[]): FastTask['phase'] {
  return members.some(({ arrival }) => messageOf(model, arrival.message).lane) ? 'look' : 'insert'
}

export function keyOf(model: Model, { message }: Arrival): number {
  return messageOf(model, message).key
}
