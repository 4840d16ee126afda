import type { Delivery } from '../delivery/source.ts'
import type { Message } from '../delivery/message.ts'
import { isSemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import type { Bytes } from '../inbox/bytes.ts'
import type { Claim, ClaimRequest } from '../inbox/claim.ts'
import type { Identity } from '../inbox/identity.ts'
import type { Lease, Outcome, ParkedMessage } from '../inbox/record.ts'
import { claimKey, type Granted, performGranted } from '../once/careful.ts'
import { insideTransaction } from '../once/inside.ts'
import type { KeptLease } from '../once/lease-keeper.ts'
import { type Locked, lockHeldMs, underLock } from '../once/locked.ts'
import { outcomeOfFailure } from '../once/outcome.ts'
import { handlersError } from '../once/perform.ts'
import type { Task } from '../once/transaction.ts'
import type { Flow } from './flow.ts'
import { about, type Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'

/** One message with a usable identity, about to be performed. */
export interface Work {
  readonly identity: Identity
  readonly fingerprint: Bytes
  readonly message: Message<unknown>
  /** To be kept if the attempt fails; undefined where it is kept already. */
  readonly parked: ParkedMessage | undefined
  readonly by: 'delivery' | 'parked'
  readonly alone: boolean
  readonly claimId: Bytes
  readonly expired: boolean
  readonly acknowledge: (() => void) | undefined
}

type Handled = Pick<Work, 'identity' | 'fingerprint' | 'message'>

export function taskOf(
  { identity, fingerprint, message }: Handled,
  run: Runtime,
  acknowledge?: Work['acknowledge'],
): Task {
  const { flow } = run
  return {
    ...identity,
    fingerprint,
    perform: insideTransaction(flow.store, (context) => flow.handle(message, context)),
    effects: flow.effects,
    stops: [run.aborting],
    keepsResult: false,
    acknowledge,
  }
}

/** The careful path for one message: claim, handler, settlement (P12); all of it under its lock, if it has one. */
export async function performCarefully(work: Work, run: Runtime): Promise<Situation> {
  const { flow } = run
  const { store, limits } = flow
  return locked(work.message, run, async (lock) => {
    const { claim, sinceMs } = await claimKey(store, requestOf(work), limits)
    if (claim.kind !== 'granted') return refused(claim, work, flow)
    return performUnder(claim.lease, sinceMs, work, run, { lock })
  })
}

/** A lock that somebody else holds is waited for, and nothing of the message is counted. */
export async function locked(
  message: Message<unknown>,
  { flow, stopping }: Runtime,
  work: (lock: Locked) => Promise<Situation>,
): Promise<Situation> {
  try {
    const done = await underLock({ strategy: flow.strategy, signal: stopping }, message, work)
    return done ?? { kind: 'held', leftMs: lockHeldMs }
  } catch (error) {
    if (stopping.aborted && error === stopping.reason) return { kind: 'aborted', error }
    throw error
  }
}

/** What is committed: performed, or found to be so already. */
export function appliedSituation(
  { flow }: Runtime,
  { message, attempt }: { readonly message: Message<unknown>; readonly attempt: number },
): Situation {
  const detail = flow.passed.get(message)
  return detail === undefined ? { kind: 'applied', attempt } : { kind: 'passed', detail }
}

/** The second half: what the claim granted is performed and settled. */
export async function performUnder(
  lease: Lease,
  sinceMs: number,
  work: Work,
  run: Runtime,
  { kept, lock }: { readonly kept?: KeptLease; readonly lock?: Locked } = {},
): Promise<Situation> {
  const { flow } = run
  const { store, limits } = flow
  emit('claimed', () => ({ ...about(flow, lease), attempt: lease.attempt, alone: work.alone }))
  const granted: Granted = {
    lease,
    sinceMs,
    message: work.parked,
    path: flow.strategy.path,
    counted: !run.circuit.isOpen(),
    expired: work.expired,
    onRenewed: () => emit('renewed', () => about(flow, lease)),
    ...(kept && { kept }),
  }
  const own = taskOf(work, run, work.acknowledge)
  const task = lock === undefined ? own : lock(own)
  const performed = await performGranted(store, task, granted, run.keeper, limits)
  if (performed.kind === 'failed')
    return settledSituation(performed.outcome, performed.attempt, performed.error)
  if (performed.kind !== 'applied') return performed
  return appliedSituation(run, { message: work.message, attempt: performed.attempt })
}

/** A claim that was not granted, as a situation; what is exhausted is buried on the way. */
export async function refused(
  claim: Exclude<Claim, { kind: 'granted' }>,
  work: Pick<Work, 'identity' | 'fingerprint' | 'parked'>,
  flow: Flow,
): Promise<Situation> {
  switch (claim.kind) {
    case 'completed':
    case 'parked':
    case 'dead':
      return { kind: 'duplicate', state: claim.kind }
    case 'exhausted':
      return bury(claim, work, flow)
    case 'behind':
      return parkBehind(work, flow)
    default:
      return claim
  }
}

/** P23: what comes later in a lane waits behind what is parked there. A taken one is simply not its turn yet. */
async function parkBehind(
  { identity, fingerprint, parked }: Pick<Work, 'identity' | 'fingerprint' | 'parked'>,
  { store }: Flow,
): Promise<Situation> {
  if (parked === undefined) return { kind: 'gone' }
  const outcome = behindOutcome(parked)
  const [isNew] = await store.leases.insert([{ ...identity, fingerprint, outcome }])
  return isNew === true ? settledSituation(outcome, 0, undefined) : { kind: 'changed' }
}

/** Nobody has failed, and it is due as soon as it is the first of its lane. */
export function behindOutcome(message: ParkedMessage): Outcome {
  const detail = 'another message of its lane is parked before it'
  return { state: 'failed', reason: 'behind', detail, retryInMs: 0, counted: false, message }
}

/** A first failure of the fast path, written down where nothing was: parked, or dead, in one commit (P20). */
export async function recordFailure(
  error: unknown,
  { identity, fingerprint, parked }: Pick<Work, 'identity' | 'fingerprint' | 'parked'>,
  run: Runtime,
): Promise<Situation> {
  const { store, limits } = run.flow
  const counted = !run.circuit.isOpen()
  const failure = { error, attempt: 1, message: parked, counted, expired: false }
  const outcome = outcomeOfFailure(failure, limits)
  const [isNew] = await store.leases.insert([{ ...identity, fingerprint, outcome }])
  return isNew === true ? settledSituation(outcome, 1, error) : { kind: 'changed' }
}

async function bury(
  { token, reason }: Extract<Claim, { kind: 'exhausted' }>,
  { identity, parked }: Pick<Work, 'identity' | 'parked'>,
  { store, limits }: Flow,
): Promise<Situation> {
  const detail = `${limits.attemptsMax} attempts used up`
  const outcome: Outcome = { state: 'dead', reason, detail, message: parked }
  const buried = await store.leases.bury(identity, token, outcome)
  return buried === 'buried' ? { kind: 'dead', reason, detail } : { kind: 'changed' }
}

/** A failure that is written down, as a situation. */
export function settledSituation(outcome: Outcome, attempt: number, error: unknown): Situation {
  if (outcome.state === 'dead')
    return { kind: 'dead', reason: outcome.reason, detail: outcome.detail }
  if (outcome.state === 'completed') return { kind: 'applied', attempt }
  const { reason, retryInMs } = outcome
  return { kind: 'parked', reason, attempt, retryInMs, error }
}

export function requestOf(
  work: Pick<Work, 'identity' | 'fingerprint' | 'claimId' | 'alone' | 'by'> & {
    readonly parked?: ParkedMessage | undefined
  },
): ClaimRequest {
  const { identity, fingerprint, claimId, alone, by, parked } = work
  return { ...identity, fingerprint, claimId, alone, by, lane: parked?.lane }
}

export function parkedMessage(
  { message }: Pick<Delivery, 'message'>,
  { origin, limits }: Flow,
  lane?: Bytes,
): ParkedMessage {
  const { id, topic, tag, key, headers, sentAtMs } = message
  const body = message.body.subarray(0, limits.bodyBytesMax)
  return { id, topic, tag, key, headers, sentAtMs, body, origin, lane }
}

/** Errors of the store as situations: none of them is the handler's fault. */
export function storeSituation(error: unknown): Situation {
  const failed = handlersError(error)
  if (failed?.stopped === true) return { kind: 'aborted', error: failed.error }
  if (isSemelError(error, 'SEMEL_OUTCOME_UNKNOWN')) return { kind: 'unknown', error }
  if (isSemelError(error, 'SEMEL_STORE_CONTENDED')) return { kind: 'contended', error }
  if (isSemelError(error) && error.retryable) return { kind: 'unavailable', error }
  return { kind: 'broken', error }
}
