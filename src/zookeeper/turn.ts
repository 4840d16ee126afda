import { setTimeout as pause } from 'node:timers/promises'
import { monotonicMs } from '../inbox/clock.ts'
import { hasCode } from './client.ts'
import type { Place } from './place.ts'

/** How long somebody stands in line. */
export interface Patience {
  /** Monotonic time. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/** We are the first, and it is proven. */
export interface Turn {
  readonly own: string
  readonly token: bigint
  /** Monotonic time before the proof was asked for. */
  readonly sinceMs: number
}

/** Between two tries without an answer. */
const pauseMs = { first: 10, last: 250 }

/**
 * Stands in line until it is our turn. Undefined: somebody else has the lock, and our time is over.
 *
 * @throws What the last try said, and the reason of the signal.
 */
export async function turnOf(place: Place, patience: Patience): Promise<Turn | undefined> {
  const { untilMs, signal } = patience
  for (let step = pauseMs.first; ; step = Math.min(step * 2, pauseMs.last)) {
    try {
      return await tryTurn(place, patience)
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error) || monotonicMs() + step > untilMs) throw error
    }
    await pause(step, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** Without a connection, and when somebody has removed our node. */
function isPassing(error: unknown): boolean {
  return hasCode(error, 'connectionLoss', 'operationTimeout', 'noNode')
}

async function tryTurn(place: Place, patience: Patience): Promise<Turn | undefined> {
  const { session } = place
  for (;;) {
    const { own, before } = await place.stand(patience.signal)
    if (before === undefined) {
      const sinceMs = monotonicMs()
      const token = await session.inTime(place.prove(own), patience.signal)
      return { own, token, sinceMs }
    }
    const gone = await isGone(place, before, patience)
    patience.signal.throwIfAborted()
    session.over.throwIfAborted()
    if (!gone) return undefined
  }
}

/** Waits for the one before us alone, so that a release wakes one and not all. */
function isGone(place: Place, name: string, { untilMs, signal }: Patience): Promise<boolean> {
  const leftMs = untilMs - monotonicMs()
  if (leftMs <= 0 || signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(false), leftMs)
    const onAbort = (): void => settle(false)
    const unwatch = place.watch(name, () => settle(true))
    signal.addEventListener('abort', onAbort)
    function settle(gone: boolean): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      unwatch()
      resolve(gone)
    }
  })
}
