import type { Delivery } from '../delivery/source.ts'

/**
 * How many deliveries may be in hand (P17): one after the start and while suspects come, so that a crash uses up no
 * redelivery of innocents; one more with every delivery that comes to its end.
 */
export interface Prefetch {
  size(): number
  pulled(last: Delivery): void
  ended(): void
  /** What we gave back ourselves comes again marked, and nobody crashed over it. */
  gaveBack(delivery: Delivery): void
}

const rememberedMax = 10_000

export function prefetch(prefetchMax: number): Prefetch {
  const givenBack = new Set<string>()
  let size = 1
  let lastSuspect = false
  return {
    size: () => size,
    pulled({ message, redelivered }) {
      lastSuspect = redelivered === true && !givenBack.delete(message.id)
      if (lastSuspect) size = 1
    },
    ended() {
      if (!lastSuspect) size = Math.min(prefetchMax, size + 1)
    },
    gaveBack({ message }) {
      if (givenBack.size >= rememberedMax) givenBack.clear()
      givenBack.add(message.id)
    },
  }
}
