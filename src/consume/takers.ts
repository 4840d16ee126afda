import { emit } from '../events/events.ts'
import { identityName } from '../inbox/identity.ts'
import { keyKinds } from '../inbox/key.ts'
import type { DueMessage } from '../inbox/store.ts'
import { newClaimId } from '../once/careful.ts'
import { admitted, type Driven, drive, enterUnlessStopping } from './drive.ts'
import { type Pace, paceOf } from './pace.ts'
import { consumeParkedBatch } from './parked-batch.ts'
import { consumeParked } from './parked.ts'
import { report } from './report.ts'
import { about, hold, type Runtime, sleep } from './runtime.ts'
import { verdicts } from './verdict.ts'
import { storeSituation } from './work.ts'

/** Serves the parked messages of a consumer, and watches how many there are (P26). */
export async function serveParked(run: Runtime): Promise<void> {
  const { flow } = run
  const taken = new Map<string, Promise<void>>()
  const speed = paceOf(flow)
  // As with deliveries (P17): what a crash leaves leased is a suspect each, and those run one by one.
  let window = 1
  let ended = Promise.withResolvers<void>()
  function take(messages: readonly DueMessage[], work: Promise<void>): void {
    const task = work.finally(() => {
      for (const message of messages) taken.delete(identityName(message))
    })
    for (const message of messages) taken.set(identityName(message), task)
  }
  while (!run.stopping.aborted) {
    ended = Promise.withResolvers()
    const free = run.waitingFor.has('resume') ? 0 : run.slots.free()
    const size = Math.min(window, speed.size())
    const most = flow.batches ? Math.max(free, size) : free
    const due = await askDue(free > 0 ? most : 0, run)
    const open = due.filter((message) => !taken.has(identityName(message)))
    const batchable = open.filter((message) => flow.batches && goesTogether(message))
    const together = await ofOneShard(batchable, run)
    for (const message of open.filter((one) => !batchable.includes(one)))
      take([message], serveOne(message, ended.resolve, run))
    if (due.some(({ suspect }) => suspect)) window = 1
    if (together.length > 0) {
      const some = together.slice(0, size)
      const batch = serveBatch(some, speed, run)
      take(some, batch)
      await batch
      window = Math.min(2 * window, flow.limits.batchMax)
    }
    const more = together.length > 0 || (due.length > 0 && due.length >= free)
    const pauseMs = flow.limits.parkedPollMs
    // What stood behind it in its lane need not wait for the next look (P22).
    await Promise.race([ended.promise, sleep(more ? Math.min(1, pauseMs) : pauseMs, run.stopping)])
  }
  await Promise.all(taken.values())
}

/** One batch is one transaction, on one shard; the others are due again at once. */
async function ofOneShard(
  due: readonly DueMessage[],
  run: Runtime,
): Promise<readonly DueMessage[]> {
  const { shards } = run.flow.store
  if (shards === undefined || due.length === 0) return due
  try {
    const homes = await shards.home(due.map(({ scope, key }) => ({ scope, key })))
    const [shard] = homes
    return due.filter((_, at) => homes[at] === shard)
  } catch (error) {
    await storeFailed(error, run)
    return []
  }
}

/** A suspect runs alone, and what has no identity of its own is identified anew. */
function goesTogether({ suspect, key }: DueMessage): boolean {
  return !suspect && key[0] !== keyKinds.raw
}

/** As many as rate and circuit allow; the others are due again at once. */
async function serveBatch(due: readonly DueMessage[], speed: Pace, run: Runtime): Promise<void> {
  const count = await admitted(run, due.length)
  const leave = await enterUnlessStopping(false, run)
  if (leave === undefined) return
  run.running += count
  try {
    await consumeParkedBatch(due.slice(0, count), speed, run)
  } catch (error) {
    await storeFailed(error, run)
  } finally {
    run.running -= count
    leave()
  }
}

/** What was leased meanwhile is a suspect when its lease has ended: nothing is lost. */
async function storeFailed(error: unknown, run: Runtime): Promise<void> {
  const situation = storeSituation(error)
  const { group, topic } = run.flow
  report(situation, '', { group, topic, key: '' }, run)
  if (verdicts[situation.kind].verdict === 'stop') run.breakOff(error)
  await sleep(run.flow.limits.parkedPollMs, run.stopping)
}

async function serveOne(message: DueMessage, onSettled: () => void, run: Runtime): Promise<void> {
  const claimId = newClaimId()
  const driven: Driven = {
    about: () => about(run.flow, message),
    name: () => identityName(message),
    alone: message.suspect,
    keeps: false,
    attempt: (alone) => consumeParked({ due: message, alone, claimId }, run),
  }
  try {
    const { verdict } = await drive(driven, run)
    if (verdict === 'ack') onSettled()
  } catch (error) {
    run.breakOff(error)
  }
}

async function askDue(free: number, run: Runtime): Promise<readonly DueMessage[]> {
  const { store, origin } = run.flow
  try {
    await watchUsage(run)
    return free > 0 ? await store.parking.due(origin, free) : []
  } catch (error) {
    // The next look tries again.
    await storeFailed(error, run)
    return []
  }
}

/** P26: at a bound the source is paused; dead ones only alarm. */
async function watchUsage(run: Runtime): Promise<void> {
  const { group, topic, store, limits } = run.flow
  const { messages, bytes, dead, perLane } = await store.parking.usage(group)
  const full =
    messages >= limits.parkedMax ||
    bytes >= limits.parkedBytesMax ||
    perLane >= limits.parkedPerLaneMax
  if (full && !run.waitingFor.has('parking'))
    emit('parking-full', () => ({ group, topic, messages, bytes }))
  hold(run, 'parking', full)
  if (dead > limits.deadMax) emit('dead-many', () => ({ group, topic, dead }))
}
