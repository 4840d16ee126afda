import type { Delivery } from '../delivery/source.ts'
import { describeError, isSemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import { retryDelay } from '../once/outcome.ts'
import { arrivalsOf } from './arrivals.ts'
import { arrive } from './arrive.ts'
import { prefetch } from './prefetch.ts'
import { hold, type Runtime, sleep } from './runtime.ts'
import { serveArrivals } from './serve.ts'

const sourcePauses = { retryDelayMs: 50, retryDelayMsMax: 5_000 }

/** Deliveries that are pulled and not yet acknowledged, and the loops that pull and serve them. */
export interface Intake {
  /** Pulls until the consumer stops; resolves when every delivery in hand has come to its end. */
  run(): Promise<void>
  inHand(): number
}

export function intake(run: Runtime): Intake {
  const { source, limits, options } = run.flow
  const inHand = new Set<Delivery>()
  const arrivals = arrivalsOf(options.orderedBy !== undefined)
  let settled = Promise.withResolvers<void>()
  const window = prefetch(limits.prefetchMax)
  let lastWasFull = false
  /** Whether what was pulled is being decoded. */
  let arriving = false
  run.stopping.addEventListener('abort', () => run.interruptPull(), { once: true })

  async function pullSome(): Promise<void> {
    const room = roomFor(run, window.size(), inHand.size)
    if (room <= 0) return waitForRoom()
    const pull = new AbortController()
    run.interruptPull = () => pull.abort()
    if (run.stopping.aborted) return
    const deliveries = await source.pull(room, pull.signal)
    hold(run, 'source', false)
    lastWasFull = deliveries.length >= room
    const last = deliveries.at(-1)
    if (last === undefined) return
    window.pulled(last)
    for (const delivery of deliveries) inHand.add(delivery)
    arriving = true
    await arrive(deliveries, arrivals, run).finally(() => {
      arriving = false
      arrivals.ring()
    })
  }

  /** Until something in hand has come to its end; looked at again now and then, for what else makes room. */
  const waitForRoom = (): Promise<void> => (settled = Promise.withResolvers<void>()).promise
  const look = setInterval(() => settled.resolve(), 50)

  const hand = {
    mayGrow: () => arriving || (lastWasFull && roomFor(run, window.size(), inHand.size) > 0),
    gaveBack: (delivery: Delivery) => window.gaveBack(delivery),
    ended(delivery: Delivery) {
      inHand.delete(delivery)
      window.ended()
      settled.resolve()
    },
  }
  const renewal = holdRenewal(run, inHand)
  return {
    inHand: () => inHand.size,
    async run() {
      try {
        await Promise.all([untilStopping(pullSome, run), serveArrivals(arrivals, hand, run)])
      } finally {
        clearInterval(renewal)
        clearInterval(look)
      }
    },
  }
}

async function untilStopping(pullSome: () => Promise<void>, run: Runtime): Promise<void> {
  for (let failures = 0; !run.stopping.aborted; )
    failures = await pullSome().then(
      () => 0,
      (error: unknown) => sourceAway(error, failures + 1, run),
    )
}

/**
 * While something is away nothing is pulled; an open circuit lets one through at a time, to probe. Many are pulled at
 * once: each pull costs the broker as much as one message does.
 */
function roomFor({ waitingFor, flow }: Runtime, window: number, inHand: number): number {
  if (waitingFor.size > 0)
    return waitingFor.size === 1 && waitingFor.has('circuit') ? 1 - inHand : 0
  const room = window - inHand
  return room >= window / 2 || inHand < flow.limits.concurrency ? room : 0
}

/** Keeps what is in hand ours, also while the store is away. */
function holdRenewal(run: Runtime, inHand: ReadonlySet<Delivery>): NodeJS.Timeout | undefined {
  const { source } = run.flow
  const { holdMs } = source.capabilities
  if (holdMs === undefined) return undefined
  const renew = async (): Promise<void> => {
    if (inHand.size > 0) await source.renew([...inHand]).catch(() => undefined)
  }
  return setInterval(() => void renew(), holdMs / 3)
}

async function sourceAway(error: unknown, failures: number, run: Runtime): Promise<number> {
  const { group, topic } = run.flow
  if (isSemelError(error) && !error.retryable) {
    run.breakOff(error)
    // Pulling again at once could leave the event loop no turn in which to stop.
    await sleep(sourcePauses.retryDelayMsMax, run.stopping)
  } else {
    hold(run, 'source', true)
    emit('source-unavailable', () => ({ group, topic, error: describeError(error) }))
    await sleep(retryDelay(failures, sourcePauses), run.stopping)
    hold(run, 'source', false)
  }
  return failures
}
