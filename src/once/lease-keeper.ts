import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { Lease } from '../inbox/record.ts'
import type { Leases, Renewal } from '../inbox/store.ts'

interface Kept {
  readonly lease: Lease
  readonly lost: AbortController
  readonly onRenewed: (() => void) | undefined
  /** Monotonic time until which the lease is surely ours: counted from before the request was sent. */
  endsMs: number
}

/** A lease in hand. `signal` aborts when it is lost, or may be. */
export interface KeptLease {
  readonly signal: AbortSignal
  release(): void
}

export interface LeaseKeeper {
  /** `sinceMs`: monotonic time before the claim was sent. */
  keep(lease: Lease, sinceMs: number, onRenewed?: () => void): KeptLease
}

/**
 * Renews leases at a third of their length, all in one call, on the main loop: a loop that hangs must not keep
 * its lease. A lease that could not be renewed is given up a tenth before its end, so that its handler is told
 * to stop before somebody else may start (narrowing a window that the settlement closes).
 */
export function leaseKeeper(leases: Leases, leaseMs: number): LeaseKeeper {
  const kept = new Set<Kept>()
  let timer: NodeJS.Timeout | undefined
  let renewing = false

  async function renewAll(): Promise<void> {
    giveUpLate(kept)
    if (renewing) return
    const sentMs = monotonicMs()
    const batch = [...kept].filter(({ endsMs }) => endsMs - sentMs <= leaseMs * (0.9 - 1 / 3))
    if (batch.length === 0) return
    renewing = true
    try {
      const answers = await leases.renew(
        batch.map(({ lease }) => lease),
        leaseMs,
      )
      batch.forEach((one, at) => noteAnswer(one, answers[at], sentMs + leaseMs * 0.9))
    } catch {
      // Not renewed: tried again at the next tick, given up when it is late.
    } finally {
      renewing = false
    }
  }

  return {
    keep(lease, sinceMs, onRenewed) {
      const lost = new AbortController()
      const one: Kept = { lease, lost, onRenewed, endsMs: sinceMs + leaseMs * 0.9 }
      kept.add(one)
      timer ??= setInterval(() => void renewAll(), Math.max(10, leaseMs / 6))
      const release = (): void => {
        kept.delete(one)
        if (kept.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
      return { signal: lost.signal, release }
    },
  }
}

function noteAnswer(one: Kept, answer: Renewal | undefined, endsMs: number): void {
  if (answer === 'unknown') return
  if (answer !== 'renewed') return one.lost.abort(leaseLost('somebody else has taken it over'))
  one.endsMs = endsMs
  one.onRenewed?.()
}

function giveUpLate(kept: ReadonlySet<Kept>): void {
  const nowMs = monotonicMs()
  for (const one of kept)
    if (nowMs >= one.endsMs) one.lost.abort(leaseLost('it could not be renewed in time'))
}

function leaseLost(why: string): SemelError {
  return new SemelError('SEMEL_LEASE_LOST', `the lease is lost: ${why}`)
}
