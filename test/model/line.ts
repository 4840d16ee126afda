import { arrivalsOf } from './deliveries.ts'
import type { Model, World } from './kinds.ts'
import { messageOf } from './records.ts'
import type { Arrival, FastMember } from './task-kinds.ts'
import { processAt } from './world.ts'

/** What may begin: in a lane nothing before what is not settled; an undecoded suspect lets nobody pass (P23). */
function freeOf(model: Model, world: World, process: number): readonly Arrival[] {
  const { held, tasks } = processAt(world, process)
  if (!model.ordered) return held
  const begun = tasks.flatMap(arrivalsOf)
  if (begun.some(({ suspect }) => suspect)) return []
  const laneBusy = begun.some(({ message }) => messageOf(model, message).lane)
  const barrier = held.findIndex(({ suspect }) => suspect)
  if (barrier === 0 && begun.length === 0) return held.slice(0, 1)
  const before = barrier < 0 ? held : held.slice(0, barrier)
  return laneBusy ? before.filter(({ message }) => !messageOf(model, message).lane) : before
}

export function singlesOf(model: Model, world: World, process: number): readonly Arrival[] {
  const free = freeOf(model, world, process)
  const careful = (one: Arrival): boolean =>
    one.careful || one.suspect || model.scenario.level !== 'A'
  if (model.wrong === 'what left a batch does not wait for its lane')
    return [...new Set([...free, ...processAt(world, process).held])].filter(careful)
  const firstOfLane = free.find(({ message }) => messageOf(model, message).lane)
  return free.filter(
    (one) => careful(one) && (!messageOf(model, one.message).lane || one === firstOfLane),
  )
}

/** Batches of every size; of a lane its first ones, in their order. One batch is in flight at a time. */
export function batchesOf(
  model: Model,
  world: World,
  process: number,
): readonly (readonly FastMember[])[] {
  if (processAt(world, process).tasks.some((task) => task?.kind === 'fast')) return []
  const free = freeOf(model, world, process)
  const stop = free.findIndex(
    (one) => (one.careful || one.suspect) && messageOf(model, one.message).lane,
  )
  const able = free.filter((one, at) => {
    const lane = messageOf(model, one.message).lane
    return !one.careful && !one.suspect && !(lane && stop >= 0 && at > stop)
  })
  const batches = able.map((one) => [one])
  for (let size = 2; size <= Math.min(model.scenario.batch, able.length); size++)
    batches.push(able.slice(0, size))
  const skipping = able.slice(1).filter(({ message }) => !messageOf(model, message).lane)
  const [first] = able
  const laned = (one: Arrival): boolean => messageOf(model, one.message).lane
  const fair = batches.filter(
    ([one]) => one !== undefined && (!laned(one) || one === able.find(laned)),
  )
  if (first && model.scenario.batch > 1 && able.length > 2)
    for (const other of skipping.slice(1)) fair.push([first, other])
  return fair.map((batch) => grouped(model, batch))
}

/** Copies of one key in a batch are one claim (P8); the same key with another body is no copy, and waits. */
function grouped(model: Model, batch: readonly Arrival[]): readonly FastMember[] {
  const members: FastMember[] = []
  for (const arrival of batch) {
    const { key, body } = messageOf(model, arrival.message)
    const at = members.findIndex((one) => messageOf(model, one.arrival.message).key === key)
    const leader = members[at]
    if (leader === undefined || model.wrong === 'copies in a batch are claims of their own')
      members.push({ arrival, copies: [], fate: 'asked' })
    else if (messageOf(model, leader.arrival.message).body === body)
      members[at] = { ...leader, copies: [...leader.copies, arrival] }
  }
  return members
}
