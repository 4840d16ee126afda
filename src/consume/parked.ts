import type { Delivery } from '../delivery/source.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { identityName } from '../inbox/identity.ts'
import { keyKinds } from '../inbox/key.ts'
import type { Lease, Outcome, ParkedMessage } from '../inbox/record.ts'
import type { DueMessage } from '../inbox/store.ts'
import { claimKey, newClaimId } from '../once/careful.ts'
import { enterKey } from '../once/in-flight.ts'
import type { KeptLease } from '../once/lease-keeper.ts'
import { consumeIdentified } from './consume.ts'
import { decodeMessage } from './identify.ts'
import type { Runtime } from './runtime.ts'
import { type Situation, verdicts } from './verdict.ts'
import { locked, performUnder, refused, requestOf, type Work } from './work.ts'

/** One parked message that somebody of this process wants to take. */
export interface Taking {
  readonly due: DueMessage
  /** Whether nothing else runs now. */
  readonly alone: boolean
  /** One for all tries. */
  readonly claimId: Bytes
}

/** What was claimed: the message, and the lease that is renewed until its end. */
interface Taken {
  readonly message: ParkedMessage
  readonly lease: Lease
  readonly sinceMs: number
  readonly kept: KeptLease
}

/**
 * Takes one parked message that is due: by its stored identity and fingerprint (P22), always on the careful path.
 *
 * @throws SEMEL_STORE_…, SEMEL_OUTCOME_UNKNOWN
 */
export async function consumeParked(taking: Taking, run: Runtime): Promise<Situation> {
  const { store } = run.flow
  const leave = await enterKey(store, identityName(taking.due), 0)
  if (leave === undefined) return { kind: 'gone' }
  try {
    return await claimAndPerform(taking, run)
  } finally {
    leave()
  }
}

async function claimAndPerform(taking: Taking, run: Runtime): Promise<Situation> {
  const { store, limits } = run.flow
  const asked = { ...workOf(taking, run), message: undefined }
  const { claim, sinceMs } = await claimKey(store, requestOf(asked), limits)
  if (claim.kind === 'held' || claim.kind === 'mismatched') return { kind: 'gone' }
  if (claim.kind !== 'granted') return refused(claim, asked, run.flow)
  const { lease, message } = claim
  if (message === undefined) return { kind: 'gone' }
  const kept = run.keeper.keep(lease, sinceMs)
  const taken = { message, lease, sinceMs, kept }
  try {
    return taking.due.key[0] === keyKinds.raw
      ? await performUnidentified(taken, taking.alone, run)
      : await performIdentified(taken, asked, run)
  } finally {
    kept.release()
  }
}

async function performIdentified(
  { message: raw, lease, sinceMs, kept }: Taken,
  asked: Omit<Work, 'message'>,
  run: Runtime,
): Promise<Situation> {
  const decoded = await decodeMessage(raw, run.flow, run.aborting)
  if (decoded.kind === 'undecoded') return buryUndecoded(lease, decoded, run)
  const { message } = decoded
  const situation = await locked(message, run, (lock) =>
    performUnder(lease, sinceMs, { ...asked, message }, run, { kept, lock }),
  )
  // Nobody has failed, and somebody else may run it meanwhile.
  if (situation.kind === 'held') await run.flow.store.leases.settle(lease, lockIsHeld)
  return situation
}

/**
 * A redriven message that had no identity when it was buried (P3): it may have one now, with a corrected body or a
 * mended schema, and then its key decides as for any delivery. The record of its bytes is what is acknowledged.
 */
async function performUnidentified(
  { message, lease }: Taken,
  alone: boolean,
  run: Runtime,
): Promise<Situation> {
  const { leases } = run.flow.store
  const delivery: Delivery = { message, redelivered: false, deliveryCount: undefined }
  const fixed = {
    identified: undefined,
    suspect: false,
    alone,
    acknowledge: undefined,
    onIdentified: () => {},
  }
  const job = { delivery, claimId: newClaimId(), ...fixed }
  const situation = await consumeIdentified(job, run, lease)
  // Its key was left leased by a crash: it is tried again alone, under the same lease.
  if (situation.kind === 'suspect') return situation
  const done = verdicts[situation.kind].verdict === 'ack'
  const keepMs = run.flow.limits.retentionMs
  // Where it was buried again its own record is dead by now, and this changes nothing.
  if (done) await leases.settle(lease, { state: 'completed', result: undefined, keepMs })
  else await leases.settle(lease, waitsLonger)
  return done ? situation : { kind: 'gone' }
}

const waitsLonger: Outcome = {
  state: 'failed',
  reason: 'redriven',
  detail: 'somebody else holds its key',
  retryInMs: 1_000,
  counted: false,
  message: undefined,
}

const lockIsHeld: Outcome = {
  ...waitsLonger,
  reason: 'released',
  detail: 'somebody else holds its lock',
}

function workOf({ due, alone, claimId }: Taking, { flow }: Runtime): Omit<Work, 'message'> {
  const { scope, key, readable, fingerprint, waitedMs } = due
  return {
    identity: { scope, key, readable },
    fingerprint,
    alone,
    claimId,
    expired: waitedMs > flow.limits.earlyMsMax,
    by: 'parked',
    parked: undefined,
    acknowledge: undefined,
  }
}

/** It could be read when it was parked, or was never: a person has to look. */
async function buryUndecoded(
  lease: Lease,
  { reason, detail }: Pick<Extract<Outcome, { state: 'dead' }>, 'reason' | 'detail'>,
  { flow }: Runtime,
): Promise<Situation> {
  const outcome: Outcome = { state: 'dead', reason, detail, message: undefined }
  const settled = await flow.store.leases.settle(lease, outcome)
  return settled === 'settled' ? { kind: 'dead', reason, detail } : { kind: 'fenced' }
}
