import { channel } from 'node:diagnostics_channel'
import type { Reason } from '../inbox/record.ts'

/** What every event names. Keys are in their readable form; bodies and results never appear. */
export interface EventBase {
  readonly group: string
  readonly topic: string
  readonly key: string
}

/** Every event by its name; the channel of each is `semel:` and the name. */
export interface Events {
  claimed: EventBase & { readonly attempt: number; readonly alone: boolean }
  applied: EventBase & { readonly attempt: number }
  /** The row that the strategy guards is so already, or beyond: the handler was not called. */
  passed: EventBase & { readonly detail: string }
  duplicate: EventBase & { readonly state: 'completed' | 'parked' | 'dead' }
  held: EventBase & { readonly leftMs: number }
  fenced: EventBase
  failed: EventBase & {
    readonly attempt: number
    readonly error: string
    readonly retryInMs: number
  }
  parked: EventBase & { readonly reason: Reason }
  dead: EventBase & { readonly reason: Reason; readonly detail: string }
  mismatched: EventBase
  renewed: EventBase
  unknown: EventBase & { readonly error: string }
  'store-unavailable': { readonly group: string; readonly topic: string; readonly error: string }
  'source-unavailable': { readonly group: string; readonly topic: string; readonly error: string }
  'parking-full': {
    readonly group: string
    readonly topic: string
    readonly messages: number
    readonly bytes: number
  }
  'dead-many': { readonly group: string; readonly topic: string; readonly dead: number }
  'circuit-open': { readonly group: string; readonly topic: string; readonly failures: number }
  'circuit-closed': { readonly group: string; readonly topic: string }
  /** Completed records whose retention had passed were forgotten, of whatever group. */
  pruned: { readonly group: string; readonly topic: string; readonly records: number }
  'prune-failed': { readonly group: string; readonly topic: string; readonly error: string }
  /** A handler has asked the pool itself for something, which commits without its record. */
  'outside-transaction': { readonly method: string; readonly code: 'SEMEL_TX_OUTSIDE' }
  stopped: { readonly group: string; readonly topic: string; readonly error: string | undefined }
}

export type EventName = keyof Events

const names: Readonly<Record<EventName, string>> = {
  claimed: 'semel:claimed',
  applied: 'semel:applied',
  passed: 'semel:passed',
  duplicate: 'semel:duplicate',
  held: 'semel:held',
  fenced: 'semel:fenced',
  failed: 'semel:failed',
  parked: 'semel:parked',
  dead: 'semel:dead',
  mismatched: 'semel:mismatched',
  renewed: 'semel:renewed',
  unknown: 'semel:unknown',
  'store-unavailable': 'semel:store-unavailable',
  'source-unavailable': 'semel:source-unavailable',
  'parking-full': 'semel:parking-full',
  'dead-many': 'semel:dead-many',
  'circuit-open': 'semel:circuit-open',
  'circuit-closed': 'semel:circuit-closed',
  pruned: 'semel:pruned',
  'prune-failed': 'semel:prune-failed',
  'outside-transaction': 'semel:outside-transaction',
  stopped: 'semel:stopped',
}

/** The diagnostics channel of an event. */
export function eventChannel(name: EventName): ReturnType<typeof channel> {
  return channel(names[name])
}

/** Every event name, for those who listen to all. */
export const eventNames: readonly EventName[] = Object.keys(names) as EventName[]

/** Inert when nobody listens: `make` is not even called. */
export function emit<Name extends EventName>(name: Name, make: () => Events[Name]): void {
  const target = eventChannel(name)
  if (target.hasSubscribers) target.publish(make())
}

/**
 * Listens to one event; answers a function that stops it.
 *
 * @example const stop = on('dead', ({ key, detail }) => alarm(key, detail))
 */
export function on<Name extends EventName>(
  name: Name,
  listener: (event: Events[Name]) => void,
): () => void {
  const subscriber = (event: unknown): void => listener(event as Events[Name])
  eventChannel(name).subscribe(subscriber)
  return () => eventChannel(name).unsubscribe(subscriber)
}
