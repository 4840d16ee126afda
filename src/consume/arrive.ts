import type { Delivery } from '../delivery/source.ts'
import type { Arrival, Arrivals } from './arrivals.ts'
import { laneName } from './batch.ts'
import { enterUnlessStopping } from './drive.ts'
import { type Identified, identify } from './identify.ts'
import type { Runtime } from './runtime.ts'

let numbers = 0

/**
 * Puts what was pulled in line, in its order, and decodes it; a decoder that takes its time holds up only what must
 * not pass its message. Suspects stay as they are: they are counted first (P18). Inside the gate, so that a body that
 * ends the process is not laid at the door of a suspect that runs alone.
 */
export async function arrive(
  deliveries: readonly Delivery[],
  arrivals: Arrivals,
  run: Runtime,
): Promise<void> {
  const leave = await enterUnlessStopping(false, run)
  if (leave === undefined) return
  const late: Promise<void>[] = []
  try {
    for (const delivery of deliveries) {
      const arrival = arrivalOf(delivery)
      arrivals.add(arrival)
      if (!arrival.suspect) decode(arrival, late, arrivals, run)
    }
  } finally {
    if (late.length === 0) leave()
    else Promise.all(late).then(leave, leave)
  }
}

/** Stopped while a decoder is at work, it stays in line and comes again. */
function decode(arrival: Arrival, late: Promise<void>[], arrivals: Arrivals, run: Runtime): void {
  const identified = identify(arrival.delivery.message, run.flow, run.aborting)
  if (!(identified instanceof Promise)) return decoded(arrival, identified, run)
  const ready = (known: Identified): void => {
    decoded(arrival, known, run)
    arrivals.ring()
  }
  const failed = (error: unknown): void => {
    if (!run.aborting.aborted) run.breakOff(error)
  }
  late.push(identified.then(ready, failed))
}

function decoded(arrival: Arrival, identified: Identified, { flow }: Runtime): void {
  arrival.identified = identified
  if (identified.kind !== 'identified') return
  arrival.lane = laneName(identified.lane)
  arrival.shard = flow.store.shards?.of(identified.identity)
}

function arrivalOf(delivery: Delivery): Arrival {
  const suspect = delivery.redelivered === true
  const unknown = { identified: undefined, lane: undefined, shard: undefined, handled: false }
  return { delivery, number: numbers++, suspect, ...unknown }
}
