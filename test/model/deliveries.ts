import type { Delivery, Model, World } from './kinds.ts'
import { messageOf } from './records.ts'
import type { Arrival, FastMember, Task } from './task-kinds.ts'
import { broken, happened, processAt, setProcess } from './world.ts'

const waiting: Delivery = { state: 'waiting', owner: -1, marked: false, returned: 0 }

export function deliveryAt(world: World, at: number): Delivery {
  return world.deliveries[at] ?? waiting
}

export function arrivalsOf(task: Task | undefined): readonly Arrival[] {
  if (task?.kind === 'fast') return arrivalsIn(task.members)
  return task?.kind === 'careful' && task.arrival !== undefined ? [task.arrival] : []
}

export function inHand(world: World, process: number): readonly Arrival[] {
  const { held, tasks } = processAt(world, process)
  return [...held, ...tasks.flatMap(arrivalsOf)]
}

/** What a process had in hand comes again. A broker that keeps a position gives everything after it again. */
export function comeAgain(model: Model, world: World, process: number, counted: boolean): void {
  const { broker } = model.scenario
  const lost = world.deliveries.some(({ state, owner }) => state === 'out' && owner === process)
  const position = world.deliveries.findIndex(
    ({ state }) => state !== 'acknowledged' && state !== 'dropped',
  )
  for (const [at, delivery] of world.deliveries.entries()) {
    const mine = delivery.state === 'out' && delivery.owner === process
    const again = broker === 'window' && lost && at > position && delivery.state === 'acknowledged'
    if (again) happened(model, 'acknowledged and comes again')
    if (mine || again) comesAgain(model, world, at, counted)
  }
}

export function comesAgain(model: Model, world: World, at: number, counted: boolean): void {
  const { broker, deliveryLimit, deliveries } = model.scenario
  const delivery = deliveryAt(world, at)
  const marked = broker === 'marks' || at <= world.bound
  const returned =
    deliveryLimit === undefined || !counted ? delivery.returned : delivery.returned + 1
  world.deliveries[at] = { state: 'waiting', owner: -1, marked, returned }
  if (deliveryLimit === undefined || returned <= deliveryLimit) return
  happened(model, 'dropped by the broker')
  world.deliveries[at] = { state: 'dropped', owner: -1, marked: false, returned }
  const message = deliveries[at] ?? 0
  if (messageOf(model, message).handler !== 'kills')
    broken(world, `BROKER: d${at} of the innocent m${message} is dropped by the broker`)
}

/** First in line again, in their order. */
export function putBack(world: World, process: number, back: readonly Arrival[]): void {
  const { held } = processAt(world, process)
  const sorted = [...held, ...back].sort((a, b) => a.number - b.number)
  setProcess(world, process, { held: sorted })
}

export function arrivalsIn(members: readonly FastMember[]): readonly Arrival[] {
  return members.flatMap(({ arrival, copies }) => [arrival, ...copies])
}
