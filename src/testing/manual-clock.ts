import type { Clock } from '../inbox/clock.ts'

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves it on by so many milliseconds. */
  pass(ms: number): void
}

/**
 * Lets leases, retries and retention pass in a test without waiting. Give it to the store and the queue alike.
 *
 * @example
 * const clock = manualClock()
 * const store = memoryStore({ clock })
 * clock.pass(30_000)
 */
export function manualClock(startMs: number = 1_767_225_600_000): ManualClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    pass(ms) {
      nowMs += ms
    },
  }
}
