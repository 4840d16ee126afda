import { monotonicMs } from '../inbox/clock.ts'
import type { Flow } from './flow.ts'

/** How large batches are, and how many are open at once. */
export interface Pace {
  /** Messages of the next batch, at most. */
  size(): number
  inFlight(): number
  committed(took: Took): void
  /** Nobody was to blame: a lock, a deadlock, a failure of the whole. */
  contended(): void
}

/** What a committed batch took. */
export interface Took {
  readonly messages: number
  readonly handlersMs: number
  /** Begin, claims, handlers, seal, commit. */
  readonly wholeMs: number
}

export interface PaceTerms {
  readonly batchMax: number
  readonly batchMsMax: number
  readonly batchesInFlight: number
  readonly concurrency: number
  /** Of the store. */
  readonly concurrentTransactions: number
}

export function paceOf({ limits, store }: Flow): Pace {
  const { batchMax, concurrentTransactions } = store.capabilities
  return pace({ ...limits, batchMax: Math.min(limits.batchMax, batchMax), concurrentTransactions })
}

/** Commits in a row after which contention is forgotten a little. */
const quiet = 50
/** How much better the other way must be: else it would change with every breath. */
const clearly = 1.1
/** What must have been seen of one way before it is judged; of one that is only looked at again less will do. */
const enough = { messages: 64, busyMs: 20 }
const glimpse = { messages: 16, busyMs: 5 }
/** Judgements after which the other way is looked at again; it doubles while that finds nothing new. */
const looks = { first: 16, most: 1_024 }

/** Many messages in one transaction, or many transactions with one message each. */
type Way = 'together' | 'apart'

/**
 * Settles where it is fastest: measures how many messages each way commits in the time in which any are under way, and
 * looks at the other way now and then. Contention halves a batch, calm grows it.
 */
export function pace(terms: PaceTerms, nowMs: () => number = monotonicMs): Pace {
  const { batchMax, batchMsMax } = terms
  const beside = Math.min(terms.concurrency, terms.concurrentTransactions)
  const abreast = Math.min(terms.batchesInFlight, terms.concurrentTransactions)
  let allowed = batchMax
  let flights = abreast
  let singles = beside
  let commits = 0
  let perMessageMs: number | undefined
  const ways = waysOf(batchMax > 1 && beside > 1, nowMs)

  function size(): number {
    if (batchMax === 1 || ways.now() === 'apart') return 1
    const inTime = Math.floor(batchMsMax / Math.max(perMessageMs ?? 0, 0.001))
    return Math.max(1, Math.min(allowed, inTime))
  }

  return {
    size,
    inFlight: () => (size() === 1 ? singles : flights),
    committed(took) {
      const { messages, handlersMs } = took
      // What handlers take beside each other says nothing of what they take one after another.
      if (ways.now() === 'together') perMessageMs = smoothed(perMessageMs, handlersMs / messages)
      if (messages >= allowed) allowed = Math.min(batchMax, Math.ceil(allowed * 1.25))
      if (++commits % quiet === 0) {
        flights = Math.min(abreast, flights + 1)
        singles = Math.min(beside, singles + 1)
      }
      ways.committed(took)
    },
    contended() {
      allowed = Math.max(1, Math.floor(allowed / 2))
      flights = Math.max(1, flights - 1)
      singles = Math.max(1, Math.floor(singles / 2))
      commits = 0
    },
  }
}

interface Ways {
  now(): Way
  committed(took: Took): void
}

/** Which way is taken, by what both have shown. */
function waysOf(canChoose: boolean, nowMs: () => number): Ways {
  const perMs: Record<Way, number | undefined> = { together: undefined, apart: undefined }
  let way: Way = 'together'
  let sinceMs = nowMs()
  let busyUntilMs = sinceMs
  let seen = { messages: 0, busyMs: 0 }
  let judged = 0
  let lookAfter: number = looks.first

  function turn(to: Way): void {
    way = to
    sinceMs = nowMs()
    busyUntilMs = sinceMs
    seen = { messages: 0, busyMs: 0 }
  }
  function judge(): void {
    const other: Way = way === 'together' ? 'apart' : 'together'
    perMs[way] = smoothed(perMs[way], seen.messages / seen.busyMs)
    seen = { messages: 0, busyMs: 0 }
    const [here = 0, there] = [perMs[way], perMs[other]]
    if (there !== undefined && there > here * clearly) {
      lookAfter = Math.min(looks.most, lookAfter * 2)
      judged = 0
      turn(other)
    } else if (++judged >= lookAfter || there === undefined) {
      judged = 0
      perMs[other] = undefined
      turn(other)
    }
  }
  return {
    now: () => way,
    committed({ messages, wholeMs }) {
      if (!canChoose) return
      const endMs = nowMs()
      const beganMs = endMs - wholeMs
      // Begun the other way.
      if (beganMs < sinceMs) return
      seen.messages += messages
      seen.busyMs += endMs - Math.max(beganMs, busyUntilMs)
      busyUntilMs = endMs
      const needed = perMs[way] === undefined ? glimpse : enough
      if (seen.messages >= needed.messages && seen.busyMs >= needed.busyMs) judge()
    },
  }
}

function smoothed(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) / 8
}
