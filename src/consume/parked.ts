import type { Bytes } from '../inbox/bytes.ts'
import { identityName } from '../inbox/identity.ts'
import type { Lease, Outcome } from '../inbox/record.ts'
import type { DueMessage } from '../inbox/store.ts'
import { claimKey } from '../once/careful.ts'
import { enterKey } from '../once/in-flight.ts'
import { decodeMessage } from './identify.ts'
import type { Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'
import { performUnder, refused, requestOf, type Work } from './work.ts'

/** One parked message that somebody of this process wants to take. */
export interface Taking {
  readonly due: DueMessage
  /** Whether nothing else runs now. */
  readonly alone: boolean
  /** One for all tries. */
  readonly claimId: Bytes
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
  const decoded = await decodeMessage(message, run.flow)
  if (decoded.kind === 'undecoded') return buryUndecoded(lease, decoded, run)
  return performUnder(lease, sinceMs, { ...asked, message: decoded.message }, run)
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
