import type { Delivery } from '../delivery/source.ts'
import type { Identified } from './identify.ts'

/** One delivery in hand, on its way through this process. */
export interface Arrival {
  readonly delivery: Delivery
  /** In the order in which the source gave them. */
  readonly number: number
  /** Decoded when its turn comes (P18). */
  readonly suspect: boolean
  /** Undefined: not decoded yet. */
  identified: Identified | undefined
  /** Of messages that keep their order. */
  lane: string | undefined
  /** Where its key belongs, where there are several. */
  shard: string | undefined
  /** Whether a handler may have had its message, and changed it. */
  handled: boolean
}

/** What may begin now: some in one batch, or one by itself. */
export type Start =
  | { readonly kind: 'batch'; readonly arrivals: readonly Arrival[] }
  | { readonly kind: 'single'; readonly arrival: Arrival }

/**
 * Deliveries in hand that have not begun, in their order. Of a lane nothing begins while something before it is not
 * settled, but in the same batch (P23). What is not decoded yet may belong to any lane: nothing passes it.
 */
export interface Arrivals {
  add(arrival: Arrival): void
  /** Undefined: nothing may begin now. Those of one batch are of one shard, and of none that is full. */
  next(most: number, full?: ReadonlySet<string | undefined>): Start | undefined
  /** It has come to its end, and no longer holds its lane up. */
  ended(arrival: Arrival): void
  /** It did not run, and comes first again. */
  putBack(arrivals: readonly Arrival[]): void
  waiting(): number
  /** Resolves with the next change. */
  changed(): Promise<void>
  /** Something else has changed that whoever waits here should look at. */
  ring(): void
}

const none: ReadonlySet<string | undefined> = new Set()

/** `ordered`: whether any message may have a lane. */
export function arrivalsOf(ordered: boolean): Arrivals {
  let waiting: Arrival[] = []
  const begun = begunArrivals()
  const { ring, changed } = bell()

  /** What has no identity is buried by itself; a suspect passes nobody. */
  function goesAlone({ suspect, identified }: Arrival, at: number): boolean {
    if (!suspect) return identified?.kind === 'unidentified'
    return !ordered || (at === 0 && begun.count() === 0)
  }
  /** How many of the waiting ones come before the first that nothing may pass. */
  function barrier(): number {
    if (!ordered) return waiting.length
    if (begun.hasUndecoded()) return 0
    const at = waiting.findIndex(({ identified }) => identified === undefined)
    return at < 0 ? waiting.length : at
  }
  function single(at: number): Start | undefined {
    const [arrival] = waiting.splice(at, 1)
    if (arrival === undefined) return undefined
    begun.add(arrival)
    return { kind: 'single', arrival }
  }
  function batch(most: number, full: ReadonlySet<string | undefined>): Start | undefined {
    const free = waiting
      .slice(0, barrier())
      .filter((one) => one.identified?.kind === 'identified' && begun.isFree(one.lane))
      .filter(({ shard }) => !full.has(shard))
    const arrivals = free.filter(({ shard }) => shard === free[0]?.shard).slice(0, most)
    if (arrivals.length === 0) return undefined
    const chosen = new Set(arrivals)
    waiting = waiting.filter((one) => !chosen.has(one))
    for (const arrival of arrivals) begun.add(arrival)
    return { kind: 'batch', arrivals }
  }

  return {
    add(arrival) {
      waiting.push(arrival)
      ring()
    },
    next(most, full = none) {
      const alone = waiting.findIndex(goesAlone)
      return alone >= 0 ? single(alone) : batch(most, full)
    },
    ended(arrival) {
      begun.remove(arrival)
      ring()
    },
    putBack(arrivals) {
      if (arrivals.length === 0) return
      for (const arrival of arrivals) begun.remove(arrival)
      waiting = [...waiting, ...arrivals].sort((a, b) => a.number - b.number)
      ring()
    },
    waiting: () => waiting.length,
    changed,
    ring,
  }
}

function bell(): Pick<Arrivals, 'ring' | 'changed'> {
  let waited: PromiseWithResolvers<void> | undefined
  return {
    ring() {
      waited?.resolve()
      waited = undefined
    },
    changed() {
      waited ??= Promise.withResolvers()
      return waited.promise
    },
  }
}

interface Begun {
  add(arrival: Arrival): void
  remove(arrival: Arrival): void
  count(): number
  hasUndecoded(): boolean
  /** Whether nothing of a lane has begun. */
  isFree(lane: string | undefined): boolean
}

function begunArrivals(): Begun {
  const begun = new Set<Arrival>()
  const lanes = new Map<string, number>()
  let undecoded = 0
  function counted({ lane, suspect }: Arrival, by: 1 | -1): void {
    if (suspect) undecoded += by
    if (lane === undefined) return
    const count = (lanes.get(lane) ?? 0) + by
    if (count > 0) lanes.set(lane, count)
    else lanes.delete(lane)
  }
  return {
    add(arrival) {
      begun.add(arrival)
      counted(arrival, 1)
    },
    remove(arrival) {
      if (begun.delete(arrival)) counted(arrival, -1)
    },
    count: () => begun.size,
    hasUndecoded: () => undecoded > 0,
    isFree: (lane) => lane === undefined || !lanes.has(lane),
  }
}
