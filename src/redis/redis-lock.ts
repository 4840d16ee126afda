import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describeError, SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { encodeKey } from '../inbox/key.ts'
import type { HeldLock, Lock, LockTerms } from '../inbox/lock.ts'
import { resolveOptions } from '../options/resolve.ts'
import { calls } from './calls.ts'
import { type RedisClient, sender } from './client.ts'
import { ask, letGo, type Locks, renew } from './lock-calls.ts'
import { keepLock } from './lock-lease.ts'
import { checkedPrefix } from './redis-store.ts'

export interface RedisLockOptions {
  /** What all names begin with; without braces. Default: `semel:`. */
  readonly prefix?: string
  /** How long a lock outlives a holder that does not renew it, in milliseconds. Default: 30 000. */
  readonly leaseMs?: number
  /** How long a command may be without an answer, in milliseconds. Default: 5 000. */
  readonly commandMsMax?: number
}

/** Between two tries, half of it by chance; never longer than the lock that is in the way lasts. */
const pauseMs = { first: 10, last: 250 }

/**
 * Locks in Redis, for work that should not be done twice at once. A lock guarantees nothing alone: its holder may
 * stand still, and a failover may forget it. What must not happen twice is guarded by its record, or by the token.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 */
export function redisLock(client: RedisClient, options: RedisLockOptions = {}): Lock {
  const where = 'redisLock'
  const limits = resolveOptions(where, options, ['leaseMs', 'commandMsMax'], ['prefix'])
  const locks: Locks = {
    calls: calls(sender(where, client), limits.commandMsMax),
    prefix: checkedPrefix(where, options.prefix),
    leaseMs: limits.leaseMs,
    held: new Set(),
  }
  const closing = new AbortController()
  return {
    name: 'redis',
    async acquire(resource, { waitMs, signal }) {
      const { key } = encodeKey(resource)
      const both = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
      return wait(locks, Buffer.from(key), { waitMs, signal: both })
    },
    async close() {
      closing.abort(new SemelError('SEMEL_LOCK_UNAVAILABLE', 'the lock on redis is closed'))
      await Promise.all([...locks.held].map((one) => one.release()))
    },
  }
}

/** Asked again by the same owner, a grant whose answer was lost is found. */
async function wait(
  locks: Locks,
  key: Buffer,
  { waitMs, signal }: Required<LockTerms>,
): Promise<HeldLock | undefined> {
  const owner = randomBytes(16)
  const untilMs = monotonicMs() + waitMs
  for (let step = pauseMs.first; ; step = Math.min(step * 2, pauseMs.last)) {
    signal.throwIfAborted()
    const sentMs = monotonicMs()
    const asked = await ask(locks, key, owner)
    const held =
      'token' in asked ? hold(locks, key, owner, { sentMs, token: asked.token }) : undefined
    if (held !== undefined && !signal.aborted) return held
    const nextMs = Math.min(
      step * (0.5 + Math.random() / 2),
      'leftMs' in asked ? asked.leftMs : step,
    )
    const over = signal.aborted || monotonicMs() + nextMs > untilMs
    if (over) await Promise.all([held?.release(), 'error' in asked && letGo(locks, key, owner)])
    signal.throwIfAborted()
    if (over && 'error' in asked) throw unavailable(asked.error)
    if (over) return undefined
    await pause(nextMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function hold(
  locks: Locks,
  key: Buffer,
  owner: Buffer,
  { sentMs, token }: { readonly sentMs: number; readonly token: bigint },
): HeldLock {
  const { leaseMs, held } = locks
  const lease = keepLock(sentMs, leaseMs, () => renew(locks, key, owner))
  const lock: HeldLock = {
    token,
    signal: lease.signal,
    async release() {
      lease.stop()
      if (held.delete(lock)) await letGo(locks, key, owner)
    },
  }
  held.add(lock)
  lease.signal.addEventListener('abort', () => held.delete(lock))
  return lock
}

function unavailable(cause: unknown): SemelError {
  return new SemelError('SEMEL_LOCK_UNAVAILABLE', `no lock: ${describeError(cause)}`, { cause })
}
