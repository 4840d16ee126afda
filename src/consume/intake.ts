import type { Delivery } from '../delivery/source.ts'
import { describeError, isSemelError } from '../errors/semel-error.ts'
import { type EventBase, emit } from '../events/events.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import { newClaimId } from '../once/careful.ts'
import { retryDelay } from '../once/outcome.ts'
import { consume } from './consume.ts'
import { type Driven, drive, type Final } from './drive.ts'
import { prefetch } from './prefetch.ts'
import { about, hold, type Runtime, sleep } from './runtime.ts'

const sourcePauses = { retryDelayMs: 50, retryDelayMsMax: 5_000 }

/** Deliveries that are pulled and not yet acknowledged, and the loop that pulls them. */
export interface Intake {
  /** Pulls until the consumer stops; resolves when every delivery in hand has come to its end. */
  run(): Promise<void>
  inHand(): number
}

export function intake(run: Runtime): Intake {
  const { source, limits } = run.flow
  const inHand = new Set<Delivery>()
  const tasks = new Set<Promise<void>>()
  let settled = Promise.withResolvers<void>()
  const window = prefetch(limits.prefetchMax)
  run.stopping.addEventListener('abort', () => run.interruptPull(), { once: true })

  async function pullSome(): Promise<void> {
    const room = roomFor(run, window.size(), inHand.size)
    if (room <= 0) return waitForRoom()
    const pull = new AbortController()
    run.interruptPull = () => pull.abort()
    if (run.stopping.aborted) return
    const deliveries = await source.pull(room, pull.signal)
    hold(run, 'source', false)
    const last = deliveries.at(-1)
    if (last === undefined) return
    window.pulled(last)
    for (const delivery of deliveries) begin(delivery)
  }

  /** Until something in hand has come to its end; looked at again now and then, for what else makes room. */
  function waitForRoom(): Promise<void> {
    settled = Promise.withResolvers<void>()
    return settled.promise
  }
  const look = setInterval(() => settled.resolve(), 50)

  function begin(delivery: Delivery): void {
    inHand.add(delivery)
    const task = deliver(delivery, run)
      .then(({ verdict }) => {
        if (verdict === 'nack') window.gaveBack(delivery)
      })
      .catch((error: unknown) => run.breakOff(error))
      .finally(() => {
        inHand.delete(delivery)
        window.ended()
        tasks.delete(task)
        settled.resolve()
      })
    tasks.add(task)
  }

  const renewal = holdRenewal(run, inHand)
  return {
    inHand: () => inHand.size,
    async run() {
      try {
        await untilStopping(pullSome, run)
        await Promise.all(tasks)
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

/** One delivery, to its acknowledgement. That comes last, and only from a durable state. */
async function deliver(delivery: Delivery, run: Runtime): Promise<Final> {
  const { source, joins, group, topic } = run.flow
  const { message } = delivery
  const suspect = delivery.redelivered === true
  const claimId = newClaimId()
  let base: EventBase = { group, topic, key: message.key ?? message.id }
  let name = message.id
  let joined = false
  const acknowledge = joins
    ? (): void => {
        joined = source.within?.ack([delivery]) === true
      }
    : undefined
  const onIdentified = (identity: Identity): void => {
    base = about(run.flow, identity)
    name = identityName(identity)
  }
  const driven: Driven = {
    about: () => base,
    name: () => name,
    alone: false,
    attempt(alone) {
      joined = false
      return consume({ delivery, suspect, alone, claimId, acknowledge, onIdentified }, run)
    },
  }
  const final = await drive(driven, run)
  const done = final.verdict === 'ack' && final.situation.kind === 'applied' && joined
  if (!done) await acknowledgeOne(delivery, final, run)
  return final
}

/** A lost acknowledgement is harmless: the delivery comes again and meets its record. */
async function acknowledgeOne(delivery: Delivery, final: Final, run: Runtime): Promise<void> {
  const { source, group, topic } = run.flow
  try {
    if (final.verdict === 'ack') await source.ack([delivery])
    if (final.verdict === 'nack') await source.nack([delivery], final.afterMs)
  } catch (error) {
    emit('source-unavailable', () => ({ group, topic, error: describeError(error) }))
  }
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
