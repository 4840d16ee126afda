import { type EventName, type Events, on } from '../../events/events.ts'

/** The events whose number a person wants to see. */
export const counted = ['applied', 'duplicate', 'failed', 'parked', 'dead', 'passed'] as const

export type Counts = Record<(typeof counted)[number], number>

/** What is worth a line: not claims and renewals, which say only that all is well. */
export const told: readonly EventName[] = [
  'applied',
  'passed',
  'duplicate',
  'fenced',
  'failed',
  'parked',
  'dead',
  'mismatched',
  'unknown',
  'store-unavailable',
  'source-unavailable',
  'parking-full',
  'dead-many',
  'circuit-open',
  'circuit-closed',
  'prune-failed',
  'stopped',
]

/** Counts from now on, until `stop`. */
export function countEvents(): { readonly counts: Counts; stop(): void } {
  const counts: Counts = { applied: 0, duplicate: 0, failed: 0, parked: 0, dead: 0, passed: 0 }
  const stops = counted.map((name) => on(name, () => void counts[name]++))
  return { counts, stop: () => stopAll(stops) }
}

/** Hears of everything that is worth a line; answers how to stop that. */
export function tellEvents(
  listener: (name: EventName, event: Events[EventName]) => void,
): () => void {
  const stops = told.map((name) => on(name, (event) => listener(name, event)))
  return () => stopAll(stops)
}

function stopAll(stops: readonly (() => void)[]): void {
  for (const stop of stops) stop()
}
