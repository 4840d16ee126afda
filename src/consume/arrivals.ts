import type { Delivery } from '../delivery/source.ts'
import type { Identified } from './identify.ts'

/** One delivery in hand, on its way through this process. */
export interface Arrival {
  readonly delivery: Delivery
  /** In the order in which the source gave them. */
  readonly number: number
  /** Undefined: a suspect, which is decoded when its turn comes (P18). */
  readonly identified: Identified | undefined
  /** Of messages that keep their order. */
  readonly lane: string | undefined
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
  /** Undefined: nothing may begin now. */
  next(most: number): Start | undefined
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

/** `ordered`: whether any message may have a lane. */
export function arrivalsOf(ordered: boolean): Arrivals {
  let waiting: Arrival[] = []
  const begun = new Set<Arrival>()
  const busyLanes = new Map<string, number>()
  let bell: PromiseWithResolvers<void> | undefined

  function ring(): void {
    bell?.resolve()
    bell = undefined
  }
  function begin(arrival: Arrival): void {
    begun.add(arrival)
    if (arrival.lane !== undefined)
      busyLanes.set(arrival.lane, (busyLanes.get(arrival.lane) ?? 0) + 1)
  }
  function leave(arrival: Arrival): void {
    if (!begun.delete(arrival) || arrival.lane === undefined) return
    const left = (busyLanes.get(arrival.lane) ?? 1) - 1
    if (left > 0) busyLanes.set(arrival.lane, left)
    else busyLanes.delete(arrival.lane)
  }
  function free({ lane }: Arrival): boolean {
    return lane === undefined || !busyLanes.has(lane)
  }
  function undecodedBegun(): boolean {
    for (const { identified } of begun) if (identified === undefined) return true
    return false
  }
  /** What has no identity is buried by itself; a suspect passes nobody. */
  function goesAlone({ identified }: Arrival, at: number): boolean {
    if (identified !== undefined) return identified.kind === 'unidentified'
    return !ordered || (at === 0 && begun.size === 0)
  }
  /** How many of the waiting ones come before the first that nothing may pass. */
  function barrier(): number {
    if (!ordered) return waiting.length
    if (undecodedBegun()) return 0
    const at = waiting.findIndex(({ identified }) => identified === undefined)
    return at < 0 ? waiting.length : at
  }
  function start(chosen: readonly Arrival[]): Start {
    const out = new Set(chosen)
    waiting = waiting.length === out.size ? [] : waiting.filter((one) => !out.has(one))
    for (const arrival of chosen) begin(arrival)
    return { kind: 'batch', arrivals: chosen }
  }
  function single(at: number): Start | undefined {
    const [arrival] = waiting.splice(at, 1)
    if (arrival === undefined) return undefined
    begin(arrival)
    return { kind: 'single', arrival }
  }

  return {
    add(arrival) {
      waiting.push(arrival)
      ring()
    },
    next(most) {
      const alone = waiting.findIndex(goesAlone)
      if (alone >= 0) return single(alone)
      const chosen: Arrival[] = []
      for (const arrival of waiting.slice(0, barrier())) {
        if (chosen.length === most) break
        if (arrival.identified?.kind === 'identified' && free(arrival)) chosen.push(arrival)
      }
      return chosen.length === 0 ? undefined : start(chosen)
    },
    ended(arrival) {
      leave(arrival)
      ring()
    },
    putBack(arrivals) {
      if (arrivals.length === 0) return
      for (const arrival of arrivals) leave(arrival)
      waiting = [...waiting, ...arrivals].sort((a, b) => a.number - b.number)
      ring()
    },
    waiting: () => waiting.length,
    changed() {
      bell ??= Promise.withResolvers()
      return bell.promise
    },
    ring,
  }
}
