import type { HeldLock } from '../inbox/lock.ts'
import { type Calls, script } from './calls.ts'
import { lockAcquire, lockRelease, lockRenew } from './scripts.gen.ts'

/** What locks of one client share. */
export interface Locks {
  readonly calls: Calls
  readonly prefix: string
  readonly leaseMs: number
  readonly held: Set<HeldLock>
}

const scripts = {
  acquire: script(lockAcquire),
  renew: script(lockRenew),
  release: script(lockRelease),
}
const unanswered = 'SEMEL_STORE_UNAVAILABLE'
export type Asked =
  | { readonly token: bigint }
  | { readonly leftMs: number }
  | { readonly error: unknown }

export async function ask(
  { calls: { script: run }, prefix, leaseMs }: Locks,
  key: Buffer,
  owner: Buffer,
): Promise<Asked> {
  try {
    const keys = [nameOf(prefix, key), counterOf(prefix)] as const
    const answer = await run(unanswered, scripts.acquire, keys, owner, String(leaseMs))
    const [granted, told] = answer as readonly [0 | 1, unknown]
    return granted === 1 ? { token: BigInt(String(told)) } : { leftMs: Math.max(1, Number(told)) }
  } catch (error) {
    return { error }
  }
}

/** Whether it still was its owner's. */
export async function renew(
  { calls: { script: run }, prefix, leaseMs }: Locks,
  key: Buffer,
  owner: Buffer,
): Promise<boolean> {
  const words = [owner, String(leaseMs)]
  return (await run(unanswered, scripts.renew, [nameOf(prefix, key)], ...words)) === 1
}

/** By its owner alone. What cannot be released ends by itself. */
export async function letGo(
  { calls: { script: run }, prefix }: Locks,
  key: Buffer,
  owner: Buffer,
): Promise<void> {
  await run(unanswered, scripts.release, [nameOf(prefix, key)], owner).catch(() => undefined)
}

/** No group of messages can have this name; all locks are on one server of a cluster, as they share a counter. */
function nameOf(prefix: string, key: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${counterOf(prefix)}:`), key])
}

/** Never ends: a token that was given once must not come again. */
function counterOf(prefix: string): string {
  return `${prefix}{%lock}`
}
