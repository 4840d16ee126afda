import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'

/** A lock in hand: kept until it is let go, or lost. */
export interface LockLease {
  readonly signal: AbortSignal
  /** Stops renewing. It is neither lost nor released by this. */
  stop(): void
}

/**
 * Renews at a third of the lease, on the main loop: a loop that hangs must not keep its lock. What could not be
 * renewed is lost a tenth before its end, by the monotonic clock, so that its holder is told before somebody else
 * may have it.
 *
 * @param sinceMs Monotonic time before the lock was asked for.
 * @param renew Answers whether it is still ours; rejects without an answer.
 */
export function keepLock(
  sinceMs: number,
  leaseMs: number,
  renew: () => Promise<boolean>,
): LockLease {
  const lost = new AbortController()
  let ending: NodeJS.Timeout | undefined
  let renewing = false
  const ticking = setInterval(() => void renewOnce(), leaseMs / 3).unref()
  endAt(sinceMs)

  function endAt(fromMs: number): void {
    clearTimeout(ending)
    const leftMs = fromMs + leaseMs * 0.9 - monotonicMs()
    ending = setTimeout(() => lose('it could not be renewed in time'), leftMs).unref()
  }
  async function renewOnce(): Promise<void> {
    if (renewing) return
    renewing = true
    const sentMs = monotonicMs()
    // Without an answer it is tried again at the next third, until it has ended.
    const ours = await renew().catch(() => undefined)
    renewing = false
    if (ours === false) lose('somebody else may have it')
    else if (ours === true && !stopped) endAt(sentMs)
  }
  let stopped = false
  function stop(): void {
    stopped = true
    clearInterval(ticking)
    clearTimeout(ending)
  }
  function lose(why: string): void {
    if (stopped) return
    stop()
    lost.abort(new SemelError('SEMEL_LOCK_LOST', `the lock is lost: ${why}`))
  }
  return { signal: lost.signal, stop }
}
