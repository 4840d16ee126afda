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
/** How much better the other way must look: else it would change with every breath. */
const clearly = 1.2

/**
 * Settles where it is fastest. A batch saves commits, but its handlers run one after another; transactions of their own
 * run beside each other. What a message costs its handler, and what the rest of a transaction costs, is measured with
 * every commit, and says which way more messages go through in a second. Contention halves, calm grows.
 */
export function pace(terms: PaceTerms): Pace {
  const { batchMax, batchMsMax } = terms
  const beside = Math.min(terms.concurrency, terms.concurrentTransactions)
  const abreast = Math.min(terms.batchesInFlight, terms.concurrentTransactions)
  let allowed = batchMax
  let flights = abreast
  let commits = 0
  let perMessageMs: number | undefined
  let perCommitMs: number | undefined
  let single = batchMax === 1

  function size(): number {
    if (single) return 1
    const inTime = Math.floor(batchMsMax / Math.max(perMessageMs ?? 0, 0.001))
    return Math.max(1, Math.min(allowed, inTime))
  }
  function choose(): void {
    if (beside === 1 || batchMax === 1) return
    const handler = perMessageMs ?? 0
    const rest = perCommitMs ?? 0
    const together = (flights * allowed) / (allowed * handler + rest)
    const each = beside / (handler + rest)
    single = single ? each * clearly > together : each > together * clearly
  }

  return {
    size,
    inFlight: () => (size() === 1 ? beside : flights),
    committed({ messages, handlersMs, wholeMs }) {
      perMessageMs = smoothed(perMessageMs, handlersMs / messages)
      perCommitMs = smoothed(perCommitMs, wholeMs - handlersMs)
      if (messages >= allowed) allowed = Math.min(batchMax, Math.ceil(allowed * 1.25))
      if (++commits % quiet === 0) flights = Math.min(abreast, flights + 1)
      choose()
    },
    contended() {
      allowed = Math.max(1, Math.floor(allowed / 2))
      flights = Math.max(1, flights - 1)
      commits = 0
    },
  }
}

function smoothed(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) / 8
}
