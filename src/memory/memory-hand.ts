import type { Delivery } from '../delivery/source.ts'
import type { Clock } from '../inbox/clock.ts'
import type { Position, Receipt, Waiting } from './memory-queue.ts'

interface MemoryDelivery extends Delivery {
  readonly waiting: Waiting
  readonly receipt: Receipt
}

/** The messages that one source has in hand. */
export interface MemoryHand {
  take(this: void, waiting: Waiting): Delivery
  /** Those that have not passed to somebody else meanwhile. */
  held(deliveries: readonly Delivery[]): readonly Waiting[]
  keep(waiting: Waiting): void
  isOurs(this: void, waiting: Waiting): boolean
  /** Out of our hand: others can see it after so many milliseconds. */
  give(waiting: Waiting, afterMs: number): void
  giveAll(position: Position): void
}

export function memoryHand(clock: Clock, holdMs: number): MemoryHand {
  const owner = {}
  function give(waiting: Waiting, afterMs: number): void {
    waiting.receipt = undefined
    waiting.visibleMs = clock.nowMs() + afterMs
  }
  function keep(waiting: Waiting): void {
    waiting.visibleMs = clock.nowMs() + holdMs
  }
  return {
    take(waiting) {
      const receipt = { owner }
      waiting.receipt = receipt
      waiting.deliveries++
      keep(waiting)
      return deliveryOf(waiting, receipt)
    },
    held: (deliveries) =>
      (deliveries as readonly MemoryDelivery[])
        .filter(({ waiting, receipt }) => waiting.receipt === receipt)
        .map(({ waiting }) => waiting),
    keep,
    isOurs: ({ receipt }) => receipt?.owner === owner,
    give,
    giveAll(position) {
      for (const waiting of position.waiting.values())
        if (waiting.receipt?.owner === owner) give(waiting, 0)
    },
  }
}

/** Nobody can change what others are given: bytes are copied, and headers. */
function deliveryOf(waiting: Waiting, receipt: Receipt): MemoryDelivery {
  const { logged, deliveries } = waiting
  const redelivered = deliveries > 1
  const body = logged.message.body.slice()
  const message = { ...logged.message, body, headers: { ...logged.message.headers } }
  return { message, redelivered, deliveryCount: deliveries, waiting, receipt }
}
