import { monotonicMs } from '../inbox/clock.ts'

/**
 * Peak shaving: how long the next one must wait so that no more than `perSecond` start in a second. A tenth of a
 * second's worth may start at once after a quiet time.
 */
export function rateLimit(perSecond: number, nowMs: () => number = monotonicMs): () => number {
  const gapMs = 1_000 / perSecond
  let nextMs = nowMs()
  return () => {
    const now = nowMs()
    nextMs = Math.max(nextMs, now - 100) + gapMs
    return Math.max(0, nextMs - gapMs - now)
  }
}
