/** At most `max` at once; the others wait in the order of their coming. */
export interface Slots {
  free(): number
  take(): Promise<void>
  give(): void
}

export function slots(max: number): Slots {
  const waiting: (() => void)[] = []
  let taken = 0
  return {
    free: () => max - taken - waiting.length,
    take() {
      if (taken < max) {
        taken++
        return Promise.resolve()
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    give() {
      const next = waiting.shift()
      if (next === undefined) taken--
      else next()
    },
  }
}
