import { endTask } from './ends.ts'
import type { Model, Place, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { put } from './store.ts'
import type { CarefulMember, CarefulTask } from './task-kinds.ts'
import { happened, setTask } from './world.ts'

/**
 * One leaves a careful batch, with what is behind it in its lane, also what has left before; the rest re-runs at once.
 * `failed`: it gets a transaction of its own later.
 */
export function leave(
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
export function afterRest(model: Model, world: World, place: Place, task: CarefulTask): void {
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
