import { arrivalsIn, putBack } from './deliveries.ts'
import type { Model, Place, World } from './kinds.ts'
import { keyOf, messageOf } from './records.ts'
import { known } from './store.ts'
import type { Arrival, FastMember, FastTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

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
    if (lane && closed) putBack(world, place.process, arrivalsIn([member]))
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
  const record = world.records[keyOf(model, { message })]
  if (record === undefined) return model.wrong === 'a vanished conflict is a duplicate'
  const claim = known(model, world, { message, place, alone: false, by: 'delivery' })
  return claim?.kind === 'completed' || claim?.kind === 'dead' || claim?.kind === 'parked'
}
