/** A wall clock. Stores that have no clock of their own take one; nothing else reads the wall time. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now() }

/** Milliseconds of a clock that never steps back, for budgets within the process. */
export function monotonicMs(): number {
  return performance.now()
}
