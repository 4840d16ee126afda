import { randomBytes } from 'node:crypto'
import type { Bytes } from '../inbox/bytes.ts'
import type { Claim, ClaimRequest } from '../inbox/claim.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { Lease, Outcome, ParkedMessage } from '../inbox/record.ts'
import type { Store } from '../inbox/store.ts'
import { performEffects } from './effects/perform-effects.ts'
import type { KeptLease, LeaseKeeper } from './lease-keeper.ts'
import { type Failure, outcomeOfFailure, type RetryLimits } from './outcome.ts'
import { handlersError } from './perform.ts'
import { type PerformTerms, performElsewhere, performLeased, type Task } from './transaction.ts'

export interface CarefulTerms extends PerformTerms, RetryLimits {
  readonly leaseMs: number
}

/** What the careful path came to. */
export type Performed =
  | { readonly kind: 'applied'; readonly attempt: number; readonly result: string | undefined }
  | {
      readonly kind: 'failed'
      readonly attempt: number
      readonly error: unknown
      readonly outcome: Outcome
    }
  | { readonly kind: 'fenced' }
  /** Stopped by us: given back, nothing counted. */
  | { readonly kind: 'aborted'; readonly error: unknown }

/** Made once for each message in hand, before its first claim: a claim whose answer was lost finds itself again. */
export function newClaimId(): Bytes {
  return new Uint8Array(randomBytes(16))
}

/** Asks for a key. The attempt is counted before anything of it can go wrong (P12). */
export async function claimKey(
  store: Store,
  request: ClaimRequest,
  terms: CarefulTerms,
): Promise<{ readonly claim: Claim; readonly sinceMs: number }> {
  const sinceMs = monotonicMs()
  const [claim] = await store.leases.claim([request], terms)
  return { claim: claim ?? { kind: 'gone' }, sinceMs }
}

export interface Granted {
  readonly lease: Lease
  readonly sinceMs: number
  /** Parks the message if the attempt fails. */
  readonly message: ParkedMessage | undefined
  readonly path: 'transaction' | 'lease'
  /** False while the circuit is open. */
  readonly counted: boolean
  /** Whether it has waited for its turn longer than it may. */
  readonly expired: boolean
  readonly onRenewed?: () => void
  /** Where it is renewed already. */
  readonly kept?: KeptLease
}

/**
 * Handler and settlement under a lease: in one transaction where there is one, else one after the other.
 *
 * @throws SEMEL_OUTCOME_UNKNOWN, SEMEL_STORE_…; then the lease is left to end, and the record knows.
 */
export async function performGranted(
  store: Store,
  task: Task,
  granted: Granted,
  keeper: LeaseKeeper,
  terms: CarefulTerms,
): Promise<Performed> {
  const { lease, sinceMs } = granted
  const kept = granted.kept ?? keeper.keep(lease, sinceMs, granted.onRenewed)
  try {
    return await performOn(store, task, granted, terms, kept.signal)
  } catch (error) {
    const failed = handlersError(error)
    if (failed === undefined) throw error
    if (failed.stopped) return await giveBack(store, task, lease, failed.error)
    return await settleFailure(
      store,
      granted,
      { ...granted, ...failed, attempt: lease.attempt },
      terms,
    )
  } finally {
    kept.release()
  }
}

async function performOn(
  store: Store,
  task: Task,
  { lease, path }: Granted,
  terms: CarefulTerms,
  lost: AbortSignal,
): Promise<Performed> {
  const { attempt } = lease
  const { effects } = task
  if (effects !== undefined) {
    const ended = await performEffects({ store, task, effects, lease, terms }, lost)
    return ended.kind === 'applied' ? { ...ended, attempt } : { kind: 'fenced' }
  }
  if (path === 'transaction' && store.transactions !== undefined) {
    const committed = await performLeased(store.transactions, task, lease, terms, lost)
    return committed.kind === 'applied' ? { ...committed, attempt } : { kind: 'fenced' }
  }
  const result = await performElsewhere(task, lease, terms, lost)
  const outcome = { state: 'completed', result, keepMs: terms.retentionMs } as const
  const settled = await store.leases.settle(lease, outcome)
  return settled === 'settled' ? { kind: 'applied', attempt, result } : { kind: 'fenced' }
}

async function settleFailure(
  store: Store,
  { lease }: Granted,
  failure: Failure,
  terms: CarefulTerms,
): Promise<Performed> {
  const outcome = outcomeOfFailure(failure, terms)
  const settled = await store.leases.settle(lease, outcome)
  if (settled === 'fenced') return { kind: 'fenced' }
  return { kind: 'failed', attempt: failure.attempt, error: failure.error, outcome }
}

/** What has recorded steps keeps its record, which keeps them. */
async function giveBack(
  { leases, steps }: Store,
  { effects }: Task,
  lease: Lease,
  error: unknown,
): Promise<Performed> {
  const keeps = effects !== undefined && (await steps.read(lease)).length > 0
  if (!keeps) await leases.release(lease)
  else await leases.settle(lease, givenBack)
  return { kind: 'aborted', error }
}

const givenBack: Outcome = {
  state: 'failed',
  reason: 'released',
  detail: 'the handler was stopped',
  retryInMs: 0,
  counted: false,
  message: undefined,
}
