// What an example waits for and counts: the ends to which messages come.
import { type EventName, on } from 'semel'

export interface Counted {
  readonly counts: Readonly<Record<EventName, number>>
  /** Resolves when so many messages have come to one of these ends. */
  reached(times: number, ...names: EventName[]): Promise<void>
  stop(): void
}

/** Counts these events from now on, and prints each with its key, unless it is told not to. */
export function counted(names: readonly EventName[], prints = true): Counted {
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<EventName, number>
  const waiting = new Set<() => void>()
  const stops = names.map((name) =>
    on(name, (event) => {
      counts[name]++
      const { key = '', detail = '' } = event as { readonly key?: string; readonly detail?: string }
      const because = detail === '' ? '' : `: ${detail}`
      if (prints) console.log(`  ${name.padEnd(9)} ${key}${because}`)
      for (const look of waiting) look()
    }),
  )
  return {
    counts,
    reached: (times, ...ends) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (ends.reduce((sum, name) => sum + counts[name], 0) < times) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    stop: () => stops.forEach((stop) => stop()),
  }
}

/** Says on the last line what is wrong, if anything is, and lets the example fail. */
export function mustBe(what: string, is: unknown, right: unknown): void {
  const [got, wanted] = [JSON.stringify(is), JSON.stringify(right)]
  console.log(`  ${what.padEnd(9)} ${got}`)
  if (got === wanted) return
  console.error(`WRONG: it must be ${wanted}`)
  process.exitCode = 1
}
