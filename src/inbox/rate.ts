/** What a rate allows of what was wanted. */
export interface Grant {
  /** How many may start now. */
  readonly granted: number
  /** Milliseconds until one may, when none can now. */
  readonly waitMs: number
  /** When the next one is due; what is remembered. */
  readonly nextMs: number
}

/** A tenth of a second's worth may start at once after a quiet time. */
const burstMs = 100

/** Peak shaving: no more than `perSecond` starts in a second, spread evenly. Pure: whoever counts keeps `nextMs`. */
export function grant(
  beforeMs: number | undefined,
  nowMs: number,
  { perSecond, wanted }: { readonly perSecond: number; readonly wanted: number },
): Grant {
  const gapMs = 1_000 / perSecond
  // Never further ahead than one gap: a clock that was set back must not stop everything.
  const dueMs = Math.min(Math.max(beforeMs ?? nowMs, nowMs - burstMs), nowMs + gapMs)
  if (dueMs > nowMs) return { granted: 0, waitMs: dueMs - nowMs, nextMs: dueMs }
  const granted = Math.min(wanted, Math.floor((nowMs - dueMs) / gapMs) + 1)
  return { granted, waitMs: 0, nextMs: dueMs + granted * gapMs }
}
