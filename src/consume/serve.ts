import type { Delivery } from '../delivery/source.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { Arrival, Arrivals } from './arrivals.ts'
import { deliver } from './deliver.ts'
import { flight } from './flight.ts'
import { paceOf } from './pace.ts'
import { type Runtime, sleep } from './runtime.ts'

/** What is in hand, as whoever serves it sees it. */
export interface Hand {
  /** Whether the source has more, and there is room for it. */
  mayGrow(): boolean
  gaveBack(delivery: Delivery): void
  ended(delivery: Delivery): void
}

/** Begins what may begin, as long as the consumer runs; resolves when all that has begun is over. */
export async function serveArrivals(arrivals: Arrivals, hand: Hand, run: Runtime): Promise<void> {
  const { batches } = run.flow
  const speed = paceOf(run.flow)
  const tasks = new Set<Promise<void>>()
  const flying = flights(run.flow.store.shards?.names ?? [undefined])

  function track(work: Promise<void>, over: () => void = () => {}): void {
    const task = work
      .catch((error: unknown) => run.breakOff(error))
      .finally(() => {
        over()
        tasks.delete(task)
      })
    tasks.add(task)
  }
  function ended(arrival: Arrival): void {
    hand.ended(arrival.delivery)
    arrivals.ended(arrival)
  }
  function alone(arrival: Arrival): void {
    const work = deliver(arrival, run).then(({ verdict }) => {
      if (verdict === 'nack') hand.gaveBack(arrival.delivery)
    })
    track(work, () => ended(arrival))
  }
  const ends = { ended, alone, putBack: arrivals.putBack }

  while (!run.stopping.aborted) {
    const bell = arrivals.changed()
    const full = flying.full(speed.inFlight())
    const room = flying.isRoom(full)
    if (room && batches) await untilFilled(arrivals, speed.size(), hand, run)
    const start = arrivals.next(room ? (batches ? speed.size() : 1) : 0, full)
    if (start === undefined) await untilAborted(bell, run.stopping)
    else if (start.kind === 'single') alone(start.arrival)
    else if (batches) {
      const shard = start.arrivals[0]?.shard
      flying.count(shard, 1)
      track(flight(start.arrivals, ends, speed, run), () => {
        flying.count(shard, -1)
        arrivals.ring()
      })
    } else for (const arrival of start.arrivals) alone(arrival)
  }
  // What ends may begin something: until nothing is left.
  while (tasks.size > 0) await Promise.all(tasks)
}

interface Flights {
  count(shard: string | undefined, by: 1 | -1): void
  /** Shards that have as many batches under way as they may. */
  full(most: number): ReadonlySet<string | undefined>
  isRoom(full: ReadonlySet<string | undefined>): boolean
}

/** Batches under way, of each shard for itself: one that is away holds nobody else up. */
function flights(shards: readonly (string | undefined)[]): Flights {
  const flying = new Map(shards.map((shard) => [shard, 0]))
  return {
    count: (shard, by) => void flying.set(shard, (flying.get(shard) ?? 0) + by),
    full: (most) => new Set(shards.filter((shard) => (flying.get(shard) ?? 0) >= most)),
    isRoom: (full) => full.size < shards.length,
  }
}

/** While the source has more, a batch that is not full waits for it, but not for long. */
async function untilFilled(
  arrivals: Arrivals,
  size: number,
  hand: Hand,
  { flow, stopping }: Runtime,
): Promise<void> {
  const untilMs = monotonicMs() + flow.limits.batchWaitMs
  while (arrivals.waiting() > 0 && arrivals.waiting() < size && hand.mayGrow()) {
    const leftMs = untilMs - monotonicMs()
    if (leftMs <= 0 || stopping.aborted) return
    await Promise.race([arrivals.changed(), sleep(leftMs, stopping)])
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const abort = (): void => resolve()
  signal.addEventListener('abort', abort, { once: true })
  await Promise.race([work, promise])
  signal.removeEventListener('abort', abort)
}
