import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { HeldLock, Lock } from '../inbox/lock.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { ZooKeeperClient } from './client.ts'
import { keepLock } from './keep.ts'
import { checkedRoot, type Line, lineOf } from './names.ts'
import { type Place, placeIn } from './place.ts'
import { givenSession, madeSessions, type Sessions } from './sessions.ts'
import { type Patience, type Turn, turnOf } from './turn.ts'

export interface ZooKeeperLockOptions {
  /** The node below which all others are; made when it is missing. Default: `/semel/locks`. */
  readonly root?: string
  /** How long a command may be without an answer, in milliseconds. Default: 5 000. */
  readonly commandMsMax?: number
}

/** What the functions here share. */
interface Locks {
  readonly sessions: Sessions
  readonly held: Set<HeldLock>
  /** Places that are being given up. */
  readonly leaving: Set<Promise<void>>
}

/**
 * Locks in ZooKeeper, for work that should not be done twice at once. A lock guarantees nothing alone: its holder may
 * stand still while its session ends. What must not happen twice is guarded by its record, or by the token.
 *
 * @param client A connected client of `node-zookeeper-client`, which stays the user's; once its session has expired there
 * are no more locks. Or a function that makes one, not connected: then there is a new session after an expired one, and
 * `close()` ends it. Its `sessionTimeout` (1 s to 10 min) is how long a lock outlives a dead holder.
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 */
export function zookeeperLock(
  client: ZooKeeperClient | (() => ZooKeeperClient),
  options: ZooKeeperLockOptions = {},
): Lock {
  const where = 'zookeeperLock'
  const { commandMsMax } = resolveOptions(where, options, ['commandMsMax'], ['root'])
  const root = checkedRoot(where, options.root)
  const sessions =
    typeof client === 'function'
      ? madeSessions(where, client, commandMsMax)
      : givenSession(where, client, commandMsMax)
  const locks: Locks = { sessions, held: new Set(), leaving: new Set() }
  const closing = new AbortController()
  const asking = new Set<Promise<unknown>>()
  return {
    name: 'zookeeper',
    async acquire(resource, { waitMs, signal }) {
      const line = lineOf(root, resource)
      const both = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
      const asked = acquire(locks, line, { untilMs: monotonicMs() + waitMs, signal: both })
      asking.add(asked)
      return asked.finally(() => asking.delete(asked))
    },
    async close() {
      closing.abort(new SemelError('SEMEL_LOCK_UNAVAILABLE', 'the lock on zookeeper is closed'))
      await Promise.allSettled(asking)
      await Promise.all([...locks.held].map((one) => one.release()))
      await Promise.all(locks.leaving)
      sessions.close()
    },
  }
}

async function acquire(
  locks: Locks,
  line: Line,
  patience: Patience,
): Promise<HeldLock | undefined> {
  const { signal } = patience
  for (;;) {
    signal.throwIfAborted()
    const place = placeIn(locks.sessions.current(), line)
    try {
      const turn = await turnOf(place, patience)
      signal.throwIfAborted()
      if (turn !== undefined) return hold(locks, place, turn)
      await leave(locks, place)
      return undefined
    } catch (error) {
      const left = leave(locks, place)
      signal.throwIfAborted()
      await left
      if (!isRenewed(locks, place, patience)) throw unavailable(error)
    }
  }
}

/** Whether the same can be tried in a new session. */
function isRenewed({ sessions }: Locks, { session }: Place, { untilMs }: Patience): boolean {
  return session.over.aborted && sessions.renewed && monotonicMs() < untilMs
}

function hold(locks: Locks, place: Place, { own, token, sinceMs }: Turn): HeldLock {
  const lease = keepLock(place, own, sinceMs)
  const lock: HeldLock = {
    token,
    signal: lease.signal,
    async release() {
      lease.stop()
      if (locks.held.delete(lock)) await leave(locks, place)
    },
  }
  locks.held.add(lock)
  // Its node would stand in the way for as long as the session lives on.
  const letGo = (): void => void lock.release()
  lease.signal.addEventListener('abort', letGo)
  if (lease.signal.aborted) letGo()
  return lock
}

/** Waits for it no longer than for a command; it goes on until it is done. */
function leave({ leaving }: Locks, place: Place): Promise<void> {
  const left = place.session.inTime(place.leave()).catch(() => undefined)
  leaving.add(left)
  return left.finally(() => leaving.delete(left))
}

function unavailable(cause: unknown): SemelError {
  if (isSemelError(cause, 'SEMEL_LOCK_UNAVAILABLE')) return cause
  return new SemelError('SEMEL_LOCK_UNAVAILABLE', `no lock: ${describeError(cause)}`, { cause })
}
