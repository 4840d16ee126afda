import { setTimeout as pause } from 'node:timers/promises'
import { emit, type EventBase } from '../events/events.ts'
import type { Identity } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import { type LeaseKeeper, leaseKeeper } from '../once/lease-keeper.ts'
import { type Circuit, circuit } from './circuit.ts'
import type { Flow } from './flow.ts'
import { type Permits, permitsOf } from './rate.ts'
import { type Slots, slots } from './slots.ts'

/** What can keep a consumer from pulling. */
export type Hindrance = 'resume' | 'store' | 'source' | 'circuit' | 'parking'

/** What changes while a consumer runs. One per start. */
export interface Runtime {
  readonly flow: Flow
  readonly keeper: LeaseKeeper
  readonly circuit: Circuit
  readonly slots: Slots
  /** Waits for the rate; answers how many of those wanted may start. */
  readonly permits: Permits
  /** Aborts when no new work may begin. */
  readonly stopping: AbortSignal
  /** Aborts when running handlers must end. */
  readonly aborting: AbortSignal
  /** Why nothing is pulled. */
  readonly waitingFor: Set<Hindrance>
  /** Ends a pull that waits, when something new stands in its way. */
  interruptPull: () => void
  running: number
  /** Ends the consumer by itself. */
  readonly breakOff: (error: unknown) => void
}

export function runtimeOf(
  flow: Flow,
  signals: { readonly stopping: AbortSignal; readonly aborting: AbortSignal },
  breakOff: (error: unknown) => void,
): Runtime {
  const { group, topic, limits, store } = flow
  const run: Runtime = {
    flow,
    ...signals,
    keeper: leaseKeeper(store.leases, limits.leaseMs),
    circuit: circuit(limits, (failures) => {
      hold(run, 'circuit', failures > 0)
      if (failures > 0) emit('circuit-open', () => ({ group, topic, failures }))
      else emit('circuit-closed', () => ({ group, topic }))
    }),
    slots: slots(limits.concurrency),
    permits: permitsOf(group, limits.ratePerSecondMax, store, sleep),
    waitingFor: new Set(),
    interruptPull: () => {},
    running: 0,
    breakOff,
  }
  return run
}

/** Something stands in the way of pulling, or no longer does. */
export function hold(run: Runtime, hindrance: Hindrance, on: boolean): void {
  if (!on) return void run.waitingFor.delete(hindrance)
  // One shard is away: the others go on, until what is in hand is all its own.
  if (hindrance === 'store' && run.flow.store.shards !== undefined) return
  if (run.waitingFor.has(hindrance)) return
  run.waitingFor.add(hindrance)
  run.interruptPull()
}

/** Waits, or until the signal aborts; never throws. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return
  await pause(ms, undefined, { signal }).catch(() => undefined)
}

/** What every event of a message names. */
export function about({ group, topic }: Flow, identity: Identity): EventBase {
  return { group, topic, key: readableKey(identity.key, identity.readable) }
}
