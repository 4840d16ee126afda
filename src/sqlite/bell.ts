/** Wakes those who wait for something to change. */
export interface Bell {
  ring(): void
  /** How often it has rung: read it before looking, so that what rings meanwhile is not missed. */
  count(): number
  /** Resolves when it has rung more often, after the time, or when the signal aborts. */
  wait(count: number, ms: number, signal: AbortSignal): Promise<void>
}

export function bell(): Bell {
  const waiting = new Set<() => void>()
  let rung = 0
  return {
    ring() {
      rung++
      for (const wake of waiting) wake()
    },
    count: () => rung,
    wait(count, ms, signal) {
      if (rung > count || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer)
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    },
  }
}
