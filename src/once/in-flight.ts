import { setTimeout as pause } from 'node:timers/promises'

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
  const leader = keys.get(name)
  if (leader === undefined) return take(keys, name)
  const ended = await Promise.race([leader.then(() => true), pause(waitMs, false, { ref: false })])
  return ended ? enterKey(store, name, waitMs) : undefined
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
