import { comesAgain, deliveryAt, inHand } from './deliveries.ts'
import { watchAcknowledgement } from './effects.ts'
import { endProcess } from './ends.ts'
import type { Action, Model, World } from './kinds.ts'
import { messageOf } from './records.ts'
import type { Arrival } from './task-kinds.ts'
import { happened, processAt, setProcess, spend } from './world.ts'

/** Gives one delivery to a process. Messages of the lane, or of a partition, stay with one process, in their order. */
export function brokerActions(model: Model, world: World, process: number, out: Action[]): void {
  const { scenario } = model
  const mine = inHand(world, process)
  const { warm } = processAt(world, process)
  const cold =
    scenario.deliveryLimit !== undefined &&
    !warm &&
    model.wrong !== 'the full prefetch after a crash'
  if (mine.length >= (cold ? 1 : scenario.prefetch)) return
  for (const [at, message] of scenario.deliveries.entries()) {
    const { state, marked } = deliveryAt(world, at)
    if (state !== 'waiting' || mine.some(({ delivery }) => delivery === at)) continue
    if (!isNext(model, world, process, at)) continue
    out.push({
      fault: false,
      text: `P${process} receives d${at} (m${message})${marked ? ', marked' : ''}`,
      apply: (next) => receive(model, next, process, at),
    })
  }
}

function isNext(model: Model, world: World, process: number, at: number): boolean {
  const { deliveries, broker } = model.scenario
  const ordered = (message: number): boolean =>
    broker === 'window' || messageOf(model, message).lane
  if (!ordered(deliveries[at] ?? 0)) return true
  return deliveries.every((message, other) => {
    if (other === at || !ordered(message)) return true
    const { state, owner } = deliveryAt(world, other)
    return state === 'out' ? owner === process : other > at || state !== 'waiting'
  })
}

function receive(model: Model, world: World, process: number, at: number): void {
  const { scenario, wrong } = model
  const message = scenario.deliveries[at] ?? 0
  const delivery = deliveryAt(world, at)
  const { held } = processAt(world, process)
  world.deliveries[at] = { ...delivery, state: 'out', owner: process }
  const number = 1 + Math.max(0, ...inHand(world, process).map((one) => one.number))
  const suspect = delivery.marked && wrong !== 'marked deliveries are no suspects'
  if (suspect) happened(model, 'a suspect')
  const arrival = { delivery: at, message, number, careful: false, suspect }
  setProcess(world, process, { held: [...held, arrival] })
  // P16: the bound is committed before anything beyond it begins.
  if (scenario.broker === 'window' && wrong !== 'the bound travels with acknowledgements')
    world.bound = Math.max(world.bound, at)
  // P18: what is no suspect is decoded when it arrives.
  const reads = !suspect || wrong === 'bodies are read before they are counted'
  if (reads && messageOf(model, message).handler === 'unreadable')
    return endProcess(model, world, process, message)
}

/** Stale ones are taken, too: some brokers do that. */
export function acknowledge(
  model: Model,
  world: World,
  process: number,
  { delivery }: Arrival,
): void {
  watchAcknowledgement(model, world, delivery)
  happened(model, 'acknowledgement')
  world.deliveries[delivery] = {
    ...deliveryAt(world, delivery),
    state: 'acknowledged',
    owner: -1,
    marked: false,
  }
  setProcess(world, process, { warm: true })
  if (model.scenario.broker === 'window')
    for (const one of inHand(world, process)) world.bound = Math.max(world.bound, one.delivery)
}

/** The broker gives what it believes lost to somebody else, while its first owner goes on. */
export function takenActions(model: Model, world: World, out: Action[]): void {
  if (world.budget.taken === 0) return
  for (const [at, { state, owner }] of world.deliveries.entries()) {
    if (state !== 'out') continue
    out.push({
      fault: true,
      text: `the broker takes d${at} from P${owner}`,
      apply(next) {
        spend(next, 'taken')
        happened(model, 'taken away')
        for (const other of together(model, next, at, owner)) comesAgain(model, next, other, false)
      },
    })
  }
}

/** A lane, or a partition, goes as a whole. */
function together(model: Model, world: World, at: number, owner: number): readonly number[] {
  const { deliveries, broker } = model.scenario
  const isOrdered = (other: number): boolean =>
    broker === 'window' || messageOf(model, deliveries[other] ?? 0).lane
  if (!isOrdered(at)) return [at]
  return [...world.deliveries.entries()]
    .filter(
      ([other, { state, owner: whose }]) => state === 'out' && whose === owner && isOrdered(other),
    )
    .map(([other]) => other)
}

/** Given back by its process, to come again later. */
export function giveBack(model: Model, world: World, process: number, arrival: Arrival): void {
  happened(model, 'given back')
  const { state, owner } = deliveryAt(world, arrival.delivery)
  if (state === 'out' && owner === process) comesAgain(model, world, arrival.delivery, false)
}
