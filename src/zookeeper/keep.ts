import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { hasCode } from './client.ts'
import type { Place } from './place.ts'

/** A lock in hand: kept until it is let go, or lost. */
export interface LockLease {
  readonly signal: AbortSignal
  /** Stops proving. It is neither lost nor released by this. */
  stop(): void
}

/**
 * Of the session, since the last proof: then the lock may be somebody else's. The last quarter is left because a
 * server of several tells the leader only each half tick whom it has heard, and a session lasts two ticks or more.
 */
const keptShare = 0.75

/**
 * Proves that the lock is ours, on the main loop: a loop that hangs must not keep its lock. That is done at each
 * quarter of the session, at each connection, and when the node may be gone. The client would not notice a server
 * that is silent.
 *
 * @param sinceMs Monotonic time before the last proof was asked for.
 */
export function keepLock(place: Place, own: string, sinceMs: number): LockLease {
  const { session } = place
  const lost = new AbortController()
  let stopped = false
  let proving = false
  let ending: NodeJS.Timeout | undefined
  let unwatch = (): void => undefined
  const ticking = setInterval(() => void prove(), session.timeoutMs() / 4).unref()
  const unlisten = session.onConnected(() => void prove())
  const onOver = (): void => lose((session.over.reason as Error).message)
  session.over.addEventListener('abort', onOver)
  provenAt(sinceMs)
  if (session.over.aborted) onOver()

  function provenAt(fromMs: number): void {
    clearTimeout(ending)
    const leftMs = fromMs + session.timeoutMs() * keptShare - monotonicMs()
    ending = setTimeout(() => lose('the session may have expired'), leftMs).unref()
    unwatch()
    unwatch = place.watch(own, () => void prove())
  }
  async function prove(): Promise<void> {
    if (proving || stopped) return
    proving = true
    const sentMs = monotonicMs()
    // Without an answer it is asked again at the next quarter or connection, until it has ended.
    const answer = await place.prove(own).then(
      () => true,
      (error: unknown) => error,
    )
    proving = false
    if (hasCode(answer, 'noNode')) lose('its node is gone')
    else if (answer === true && !stopped) provenAt(sentMs)
  }
  function stop(): void {
    stopped = true
    clearInterval(ticking)
    clearTimeout(ending)
    unwatch()
    unlisten()
    session.over.removeEventListener('abort', onOver)
  }
  function lose(why: string): void {
    if (stopped) return
    stop()
    lost.abort(new SemelError('SEMEL_LOCK_LOST', `the lock is lost: ${why}`))
  }
  return { signal: lost.signal, stop }
}
