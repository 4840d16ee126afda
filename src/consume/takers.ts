import { isSemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import { identityName } from '../inbox/identity.ts'
import type { DueMessage } from '../inbox/store.ts'
import { newClaimId } from '../once/careful.ts'
import { type Driven, drive } from './drive.ts'
import { consumeParked } from './parked.ts'
import { about, hold, type Runtime, sleep } from './runtime.ts'

/** Serves the parked messages of a consumer, and watches how many there are (P26). */
export async function serveParked(run: Runtime): Promise<void> {
  const { flow } = run
  const taken = new Map<string, Promise<void>>()
  while (!run.stopping.aborted) {
    const free = run.waitingFor.has('resume') ? 0 : run.slots.free()
    const due = await askDue(free, run)
    for (const message of due) {
      const name = identityName(message)
      if (taken.has(name)) continue
      const task = serveOne(message, run).finally(() => taken.delete(name))
      taken.set(name, task)
    }
    const more = due.length > 0 && due.length >= free
    await sleep(
      more ? Math.min(20, flow.limits.parkedPollMs) : flow.limits.parkedPollMs,
      run.stopping,
    )
  }
  await Promise.all(taken.values())
}

async function serveOne(message: DueMessage, run: Runtime): Promise<void> {
  const claimId = newClaimId()
  const driven: Driven = {
    about: () => about(run.flow, message),
    name: () => identityName(message),
    alone: message.suspect,
    attempt: (alone) => consumeParked({ due: message, alone, claimId }, run),
  }
  await drive(driven, run).catch((error: unknown) => run.breakOff(error))
}

async function askDue(free: number, run: Runtime): Promise<readonly DueMessage[]> {
  const { store, origin } = run.flow
  try {
    await watchUsage(run)
    return free > 0 ? await store.parking.due(origin, free) : []
  } catch (error) {
    // Away for a while: deliveries in hand say so, and the next look tries again.
    if (isSemelError(error) && !error.retryable) run.breakOff(error)
    return []
  }
}

/** P26: at a bound the source is paused; dead ones only alarm. */
async function watchUsage(run: Runtime): Promise<void> {
  const { group, topic, store, limits } = run.flow
  const { messages, bytes, dead } = await store.parking.usage(group)
  const full = messages >= limits.parkedMax || bytes >= limits.parkedBytesMax
  if (full && !run.waitingFor.has('parking'))
    emit('parking-full', () => ({ group, topic, messages, bytes }))
  hold(run, 'parking', full)
  if (dead > limits.deadMax) emit('dead-many', () => ({ group, topic, dead }))
}
