import { monotonicMs } from '../inbox/clock.ts'

/** Something that needs the connection for itself. */
export interface Job {
  /** Jobs that are whole in one synchronous step may share a transaction. */
  readonly shares: boolean
}

export interface Line<J extends Job> {
  add(job: J): void
}

/** Most jobs that share one transaction. */
const sharedMax = 100
/** After so many milliseconds of work timers and sockets get their turn. */
const breathMs = 5

/**
 * One after another, first come, first served. Jobs that share and stand one behind another are performed as one.
 *
 * @param perform Never rejects: each job knows whom to tell.
 */
export function line<J extends Job>(perform: (jobs: readonly J[]) => Promise<void>): Line<J> {
  let waiting: J[] = []
  let working: Promise<void> | undefined
  let breathedMs = 0

  async function work(): Promise<void> {
    // What the same turn of the event loop adds goes together.
    await Promise.resolve()
    while (waiting.length > 0) {
      if (monotonicMs() - breathedMs > breathMs) await breathe()
      const count = together(waiting)
      const jobs = waiting.slice(0, count)
      waiting = waiting.slice(count)
      await perform(jobs)
    }
    working = undefined
  }

  async function breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    breathedMs = monotonicMs()
  }

  return {
    add(job) {
      waiting.push(job)
      working ??= work()
    },
  }
}

function together(waiting: readonly Job[]): number {
  const end = waiting.findIndex(({ shares }) => !shares)
  return end < 0 ? Math.min(waiting.length, sharedMax) : Math.max(1, Math.min(end, sharedMax))
}
