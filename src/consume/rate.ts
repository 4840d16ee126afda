import { monotonicMs } from '../inbox/clock.ts'
import { type Grant, grant } from '../inbox/rate.ts'
import type { Store } from '../inbox/store.ts'
import { options } from '../options/table.ts'

/** How many of `wanted` may start now. */
type Count = (perSecond: number, wanted: number) => Promise<Pick<Grant, 'granted' | 'waitMs'>>

/** Waits until the rate allows at least one start; answers how many of `wanted` it allows. */
export type Permits = (wanted: number, stopping: AbortSignal) => Promise<number>

/** Of the whole group where the store counts, else of this process. The largest rate is none. */
export function permitsOf(
  group: string,
  perSecond: number,
  store: Pick<Store, 'rates'>,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): Permits {
  if (perSecond >= options.ratePerSecondMax.max) return async (wanted) => wanted
  const { rates } = store
  const count: Count =
    rates === undefined ? ownCount() : (rate, wanted) => rates.take(group, rate, wanted)
  return async (wanted, stopping) => {
    while (!stopping.aborted) {
      const { granted, waitMs } = await count(perSecond, wanted).catch(storeAway)
      if (granted > 0) return granted
      await sleep(Math.max(1, waitMs), stopping)
    }
    return 0
  }
}

/** Whoever runs then meets the same store, and says so. */
function storeAway(): Pick<Grant, 'granted' | 'waitMs'> {
  return { granted: 1, waitMs: 0 }
}

export function ownCount(nowMs: () => number = monotonicMs): Count {
  let nextMs: number | undefined
  return async (perSecond, wanted) => {
    const given = grant(nextMs, nowMs(), { perSecond, wanted })
    nextMs = given.nextMs
    return given
  }
}
