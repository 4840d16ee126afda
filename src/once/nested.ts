import { SemelError } from '../errors/semel-error.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import type { Store } from '../inbox/store.ts'

/** Keys claimed by `runIn()` in transactions that may still be open, per store. */
const joined = new WeakMap<object, Map<string, WeakRef<object>>>()
const keysMax = 10_000

/** Remembers that `tx` has claimed a key and that its caller has not ended it yet. */
export function rememberJoined(store: Store, tx: unknown, identity: Identity): void {
  const keys = joined.get(store) ?? new Map<string, WeakRef<object>>()
  joined.set(store, keys)
  if (keys.size >= keysMax) keys.clear()
  keys.set(identityName(identity), new WeakRef(tx as object))
}

/**
 * P30: `run(k)` while a transaction of this process has claimed `k` with `runIn` and has not ended would wait for
 * its own caller.
 */
export function refuseNested(store: Store, identity: Identity): void {
  const keys = joined.get(store)
  const name = identityName(identity)
  const tx = keys?.get(name)?.deref()
  if (keys === undefined || tx === undefined) return
  if (!isOpen(store, tx)) return void keys.delete(name)
  const key = readableKey(identity.key, identity.readable)
  throw new SemelError(
    'SEMEL_RUN_NESTED',
    `key ${key} is claimed by an open transaction of this process`,
  )
}

function isOpen(store: Store, tx: object): boolean {
  try {
    return store.transactions?.join(tx) !== undefined
  } catch {
    return false
  }
}
