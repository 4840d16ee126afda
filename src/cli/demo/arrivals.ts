import { below, type Draw } from './random.ts'

export interface Order {
  readonly id: string
  readonly cents: number
}

/** One message on its way: what the queue is given. */
export interface Arrival {
  readonly messageId: string
  readonly order: Order
}

/** Of 5,000 orders 600 come under a second message id, and 600 others are delivered twice. */
const copiesPerOrder = 600 / 5_000

/** How many deliveries there are for so many orders. */
export function deliveriesOf(messages: number): number {
  return messages + 2 * Math.round(messages * copiesPerOrder)
}

/**
 * Everything that will arrive, in order. Some orders come again under another message id (the producer sent them
 * again), some under the same (the broker delivered them twice): half of the copies soon, half at any time later.
 */
export function arrivals(messages: number, draw: Draw): readonly Arrival[] {
  const copies = (deliveriesOf(messages) - messages) / 2
  const firsts = Array.from({ length: messages }, (_, at) => ({
    at,
    arrival: firstArrival(at, draw),
  }))
  const again = shuffled(firsts, draw).slice(0, copies * 2)
  const seconds = again.map(({ at, arrival }, copy) => ({
    at: later(at, messages, draw),
    arrival: copy < copies ? { ...arrival, messageId: `${arrival.order.id}-again` } : arrival,
  }))
  const all = [...firsts, ...seconds].toSorted((one, other) => one.at - other.at)
  return all.map(({ arrival }) => arrival)
}

function firstArrival(at: number, draw: Draw): Arrival {
  const id = `order-${String(at + 1).padStart(5, '0')}`
  return { messageId: `${id}-sent`, order: { id, cents: 100 + below(9_900, draw) } }
}

/** Between two first arrivals, so that a copy never comes before its first. */
function later(at: number, messages: number, draw: Draw): number {
  return draw() < 0.5 ? at + 0.5 + below(12, draw) : at + draw() * (messages - at)
}

function shuffled<One>(list: readonly One[], draw: Draw): readonly One[] {
  const ranked = list.map((one) => ({ one, rank: draw() }))
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ one }) => one)
}
