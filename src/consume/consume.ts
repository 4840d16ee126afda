import type { Delivery } from '../delivery/source.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { noFingerprint } from '../inbox/fingerprint.ts'
import { type Identity, identityName, mismatchedIdentity, rawIdentity } from '../inbox/identity.ts'
import type { Lease, Outcome, Reason, RecordView } from '../inbox/record.ts'
import { claimKey } from '../once/careful.ts'
import { enterKey } from '../once/in-flight.ts'
import { answerOf } from '../once/known.ts'
import { type Identified, identify } from './identify.ts'
import type { Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'
import {
  parkedMessage,
  performCarefully,
  refused,
  requestOf,
  settledSituation,
  type Work,
} from './work.ts'

/** One delivery on its way through the flow. */
export interface Job {
  readonly delivery: Delivery
  /** Undefined: not decoded yet. */
  readonly identified: Identified | undefined
  /** May have ended a process (P13): run it alone. */
  readonly suspect: boolean
  /** Whether this try is made while nothing else runs. */
  readonly alone: boolean
  /** One for all tries of this delivery. */
  readonly claimId: Bytes
  /** Called when the acknowledgement is part of the transaction. */
  readonly acknowledge: (() => void) | undefined
  /** Called once the key is known. */
  readonly onIdentified: (identity: Identity) => void
}

/**
 * The careful path: takes one delivery from its bytes to a durable situation. Every branch of it is on this page; the
 * steps have none. Nothing is acknowledged here: that comes last, from what this answers.
 *
 * @throws SEMEL_STORE_…, SEMEL_OUTCOME_UNKNOWN; nothing that a message or a handler does.
 */
export async function consume(job: Job, run: Runtime): Promise<Situation> {
  if (!job.suspect) return consumeIdentified(job, run, undefined)
  const guard = await guardDecoding(job, run)
  if (guard.kind !== 'guarded') return guard
  const kept = run.keeper.keep(guard.lease, guard.sinceMs)
  try {
    return await consumeIdentified(job, run, guard.lease)
  } finally {
    kept.release()
  }
}

/** `guard`: the lease on the message's bytes, where it has one. */
export async function consumeIdentified(
  job: Job,
  run: Runtime,
  guard: Lease | undefined,
): Promise<Situation> {
  const { flow } = run
  const identified = job.identified ?? (await identify(job.delivery.message, flow, run.aborting))
  if (identified.kind === 'unidentified') return buryUnidentified(job, run, identified, guard)
  const { identity, fingerprint, message, lane } = identified
  job.onIdentified(identity)
  const parked = parkedMessage(job.delivery, flow, lane)
  const { alone, claimId, acknowledge } = job
  const work: Work = {
    identity,
    fingerprint,
    message,
    parked,
    alone,
    claimId,
    acknowledge,
    by: 'delivery',
    expired: false,
  }
  const leave = await enterKey(flow.store, identityName(identity), 0)
  if (leave === undefined) {
    if (guard !== undefined && job.suspect) await flow.store.leases.release(guard)
    return { kind: 'held', leftMs: 20 }
  }
  try {
    const situation =
      guard !== undefined && job.suspect
        ? await consumeSuspect(work, run, guard)
        : await performCarefully(work, run)
    return situation.kind === 'mismatched' ? await buryMismatched(work, run) : situation
  } finally {
    leave()
  }
}

/** A key that is not new is not thereby a duplicate: its record says what it is. */
async function consumeKnown(
  record: RecordView | undefined,
  work: Work,
  run: Runtime,
): Promise<Situation> {
  const { flow } = run
  const claim = answerOf(record, requestOf(work), flow.limits)
  return claim === undefined || claim.kind === 'granted'
    ? performCarefully(work, run)
    : refused(claim, work, flow)
}

/**
 * P13: what the inbox knows is answered at once; a clean failure is no suspect; only what must run, and may
 * have crashed somebody, runs alone (P14).
 */
async function consumeSuspect(work: Work, run: Runtime, guard: Lease): Promise<Situation> {
  const { store, limits } = run.flow
  const [record] = await store.leases.read([work.identity])
  const claim = answerOf(record, requestOf(work), limits)
  const next = (): Promise<Situation> => {
    if (claim !== undefined) return consumeKnown(record, work, run)
    if (!work.alone && record?.state !== 'failed') return Promise.resolve({ kind: 'suspect' })
    return performCarefully(work, run)
  }
  // It could be decoded. Side by side: a store that can puts the release into the commit of the claim.
  const [released, situation] = await Promise.allSettled([store.leases.release(guard), next()])
  if (situation.status === 'rejected') throw situation.reason
  if (released.status === 'rejected') throw released.reason
  return situation.value
}

/** P18: counted under the digest of its bytes before it is decoded, so that a killer of parsers is buried too. */
async function guardDecoding(
  { delivery, alone, claimId }: Job,
  { flow }: Runtime,
): Promise<
  Situation | { readonly kind: 'guarded'; readonly lease: Lease; readonly sinceMs: number }
> {
  const identity = rawIdentity(flow.scope, delivery.message)
  const asked = { identity, fingerprint: noFingerprint, alone, claimId, by: 'delivery' } as const
  const { claim, sinceMs } = await claimKey(flow.store, requestOf(asked), flow.limits)
  if (claim.kind === 'granted') return { kind: 'guarded', lease: claim.lease, sinceMs }
  return refused(claim, { ...asked, parked: parkedMessage(delivery, flow) }, flow)
}

/** P3: without an identity of its own it is kept under the digest of its bytes. */
async function buryUnidentified(
  { delivery }: Job,
  run: Runtime,
  { reason, detail }: { readonly reason: Reason; readonly detail: string },
  guard: Lease | undefined,
): Promise<Situation> {
  const { store, scope } = run.flow
  const outcome: Outcome = {
    state: 'dead',
    reason,
    detail,
    message: parkedMessage(delivery, run.flow),
  }
  if (guard === undefined) return buryAbsent(rawIdentity(scope, delivery.message), outcome, run)
  const settled = await store.leases.settle(guard, outcome)
  return settled === 'settled' ? { kind: 'dead', reason, detail } : { kind: 'fenced' }
}

/** P3: another fingerprint under a known key is kept under the digest of both. */
function buryMismatched({ identity, fingerprint, parked }: Work, run: Runtime): Promise<Situation> {
  const detail = 'its key is known with another fingerprint'
  const outcome: Outcome = { state: 'dead', reason: 'mismatched', detail, message: parked }
  return buryAbsent(mismatchedIdentity(identity, fingerprint), outcome, run)
}

async function buryAbsent(identity: Identity, outcome: Outcome, run: Runtime): Promise<Situation> {
  const { leases } = run.flow.store
  const [isNew] = await leases.insert([{ ...identity, fingerprint: noFingerprint, outcome }])
  if (isNew === true) return settledSituation(outcome, 1, undefined)
  const [record] = await leases.read([identity])
  return record === undefined ? { kind: 'changed' } : keptSituation(record)
}

function keptSituation({ state, origin, leftMs }: RecordView): Situation {
  if (state === 'completed' || state === 'dead') return { kind: 'duplicate', state }
  return origin === undefined
    ? { kind: 'held', leftMs: Math.max(0, leftMs) }
    : { kind: 'duplicate', state: 'parked' }
}
