import { setTimeout as pause } from 'node:timers/promises'
import { monotonicMs } from '../inbox/clock.ts'

/** Keys in progress in this process, per store: one key runs once at a time. Not a correctness device. */
const inFlight = new WeakMap<object, Map<string, Promise<void>>>()

/**
 * Waits until nobody in this process performs `name`, then takes it. Answers how to give it back, or undefined
 * when `waitMs` has passed before.
 */
export async function enterKey(
  store: object,
  name: string,
  waitMs: number,
): Promise<(() => void) | undefined> {
  const keys = keysOf(store)
  const deadline = monotonicMs() + waitMs
  for (let leader = keys.get(name); leader !== undefined; leader = keys.get(name)) {
    const leftMs = Math.max(0, deadline - monotonicMs())
    const ended = await Promise.race([
      leader.then(() => true),
      pause(leftMs, false, { ref: false }),
    ])
    if (!ended) return undefined
  }
  return take(keys, name)
}

/** The same without waiting. */
export function tryEnterKey(store: object, name: string): (() => void) | undefined {
  const keys = keysOf(store)
  return keys.has(name) ? undefined : take(keys, name)
}

function take(keys: Map<string, Promise<void>>, name: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  keys.set(name, promise)
  return () => {
    keys.delete(name)
    resolve()
  }
}

function keysOf(store: object): Map<string, Promise<void>> {
  const keys = inFlight.get(store) ?? new Map<string, Promise<void>>()
  inFlight.set(store, keys)
  return keys
}
