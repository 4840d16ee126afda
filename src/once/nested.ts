import { isSemelError, SemelError } from '../errors/semel-error.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'
import type { OpenTransaction, Store } from '../inbox/store.ts'
import { rootOf } from './inside.ts'

/** Keys claimed by `runIn()` in transactions that may still be open, per store. */
const joined = new WeakMap<object, Map<string, WeakRef<object>>>()
const keysMax = 10_000

/** Remembers that `tx` has claimed a key and that its caller has not ended it yet. */
export function rememberJoined(store: Store, tx: object, identity: Identity): void {
  const keys = joined.get(store) ?? new Map<string, WeakRef<object>>()
  joined.set(store, keys)
  if (keys.size >= keysMax) keys.clear()
  keys.set(identityName(identity), new WeakRef(rootOf(tx)))
}

/**
 * P30: `run(k)` while a transaction of this process has claimed `k` with `runIn` and has not ended would wait for
 * its own caller. It has not ended if it sees a record that nobody else sees.
 *
 * @throws SEMEL_RUN_NESTED
 */
export async function refuseNested(store: Store, identity: Identity): Promise<void> {
  const keys = joined.get(store)
  const name = identityName(identity)
  const tx = keys?.get(name)?.deref()
  if (keys === undefined || tx === undefined) return
  if (await hasEnded(store, tx, identity)) return void keys.delete(name)
  const key = readableKey(identity.key, identity.readable)
  throw new SemelError(
    'SEMEL_RUN_NESTED',
    `key ${key} is claimed by an open transaction of this process`,
  )
}

/** The same connection may be in another transaction by now. */
async function hasEnded(store: Store, tx: object, identity: Identity): Promise<boolean> {
  if (openOn(store, tx, identity) === undefined) return true
  const [committed] = await store.leases.read([identity])
  if (committed !== undefined) return true
  const open = openOn(store, tx, identity)
  if (open === undefined) return true
  try {
    const [own] = await open.read([identity])
    return own === undefined
  } catch (error) {
    // Some connections say so only when they are asked for something.
    if (isSemelError(error, 'SEMEL_TX_OVER')) return true
    throw error
  }
}

function openOn(
  store: Store,
  tx: object,
  identity: Identity,
): OpenTransaction<unknown> | undefined {
  try {
    return store.transactions?.join(tx, identity)
  } catch {
    return undefined
  }
}
