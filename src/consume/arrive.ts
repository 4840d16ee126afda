import type { Delivery } from '../delivery/source.ts'
import type { Arrival, Arrivals } from './arrivals.ts'
import { laneName } from './batch.ts'
import { enterUnlessStopping } from './drive.ts'
import { type Identified, identify } from './identify.ts'
import type { Runtime } from './runtime.ts'

let numbers = 0

/**
 * Decodes what was pulled and puts it in line, in its order. Suspects stay as they are: they are counted first
 * (P18). Inside the gate, so that a body that ends the process is not laid at the door of a suspect that runs alone.
 */
export async function arrive(
  deliveries: readonly Delivery[],
  arrivals: Arrivals,
  run: Runtime,
): Promise<void> {
  const leave = await enterUnlessStopping(false, run)
  if (leave === undefined) return
  try {
    const decoded = deliveries.map((delivery) => decodedUnlessSuspect(delivery, run))
    const isLate = decoded.some((one) => one instanceof Promise)
    const identified = isLate
      ? await Promise.all(decoded.map(async (one) => one))
      : (decoded as readonly Known[])
    for (const [at, delivery] of deliveries.entries())
      arrivals.add(arrivalOf(delivery, identified[at]))
  } catch (error) {
    // Stopped while a decoder was at work: everything comes again.
    if (!run.aborting.aborted) throw error
  } finally {
    leave()
  }
}

type Known = Identified | undefined

function decodedUnlessSuspect(delivery: Delivery, run: Runtime): Known | Promise<Known> {
  return delivery.redelivered === true
    ? undefined
    : identify(delivery.message, run.flow, run.aborting)
}

function arrivalOf(delivery: Delivery, identified: Known): Arrival {
  const lane = identified?.kind === 'identified' ? laneName(identified.lane) : undefined
  return { delivery, number: numbers++, identified, lane }
}
