import type { Delivery } from '../delivery/source.ts'
import { messageOf } from './queue-rows.ts'
import type { Hold, Taken } from './queue-steps.ts'

/** A delivery that knows by what it is held. */
interface HeldDelivery extends Delivery {
  readonly hold: Hold
}

export function deliveryOf({ row, seq, deliveries }: Taken): Delivery {
  const delivery: HeldDelivery = {
    message: messageOf(row),
    redelivered: deliveries > 1,
    deliveryCount: deliveries,
    hold: { seq, deliveries },
  }
  return delivery
}

export function holdsOf(deliveries: readonly Delivery[]): readonly Hold[] {
  return (deliveries as readonly HeldDelivery[]).map(({ hold }) => hold)
}
