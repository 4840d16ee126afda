import { identityName } from '../inbox/identity.ts'
import type { Lease, Outcome, ParkedMessage } from '../inbox/record.ts'
import type { DueMessage } from '../inbox/store.ts'
import { claimKey } from '../once/careful.ts'
import { enterKey } from '../once/in-flight.ts'
import { decodeMessage } from './identify.ts'
import type { Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'
import { performUnder, refused, requestOf, type Work } from './work.ts'

/**
 * Takes one parked message that is due: by its stored identity and fingerprint (P22), always on the careful path.
 *
 * @throws SEMEL_STORE_…, SEMEL_OUTCOME_UNKNOWN
 */
export async function consumeParked(
  due: DueMessage,
  alone: boolean,
  run: Runtime,
): Promise<Situation> {
  const { store } = run.flow
  const leave = await enterKey(store, identityName(due), 0)
  if (leave === undefined) return { kind: 'gone' }
  try {
    return await claimAndPerform(due, alone, run)
  } finally {
    leave()
  }
}

async function claimAndPerform(due: DueMessage, alone: boolean, run: Runtime): Promise<Situation> {
  const { flow } = run
  const { scope, key, readable, fingerprint } = due
  const asked = { identity: { scope, key, readable }, fingerprint, alone, by: 'parked' } as const
  const { claim, sinceMs } = await claimKey(flow.store, requestOf(asked), flow.limits)
  if (claim.kind === 'held' || claim.kind === 'mismatched') return { kind: 'gone' }
  if (claim.kind !== 'granted') return refused(claim, { ...asked, parked: undefined }, flow)
  if (claim.message === undefined) return { kind: 'gone' }
  return performParked({ ...asked, message: claim.message, lease: claim.lease, sinceMs }, due, run)
}

interface Taken {
  readonly identity: Work['identity']
  readonly fingerprint: Uint8Array
  readonly alone: boolean
  readonly message: ParkedMessage
  readonly lease: Lease
  readonly sinceMs: number
}

async function performParked(taken: Taken, due: DueMessage, run: Runtime): Promise<Situation> {
  const { identity, fingerprint, alone, lease, sinceMs } = taken
  const decoded = await decodeMessage(taken.message, run.flow)
  if (decoded.kind === 'undecoded') {
    const { reason, detail } = decoded
    const outcome: Outcome = { state: 'dead', reason, detail, message: undefined }
    const settled = await run.flow.store.leases.settle(lease, outcome)
    return settled === 'settled' ? { kind: 'dead', reason, detail } : { kind: 'fenced' }
  }
  const { message } = decoded
  const expired = due.waitedMs > run.flow.limits.earlyMsMax
  const kept = { parked: undefined, acknowledge: undefined, by: 'parked' } as const
  const work: Work = { identity, fingerprint, message, alone, expired, ...kept }
  return performUnder(lease, sinceMs, work, run)
}
