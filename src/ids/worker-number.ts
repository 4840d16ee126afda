import { randomInt } from 'node:crypto'
import { SemelError } from '../errors/semel-error.ts'
import { equalBytes } from '../inbox/bytes.ts'
import type { ClaimRequest } from '../inbox/claim.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { noFingerprint } from '../inbox/fingerprint.ts'
import { encodeScope, type Identity, identityOf } from '../inbox/identity.ts'
import type { Lease, RecordView } from '../inbox/record.ts'
import type { Leases, Store } from '../inbox/store.ts'
import { options } from '../options/table.ts'
import { newClaimId } from '../once/careful.ts'
import type { Span } from './mint.ts'

/** Ten bits. */
const numbers = 1_024
const askedAtOnce = 128
const scope = encodeScope({ group: 'semel.ids', keyspace: 'snowflake' })

/** A worker number in hand. */
export interface WorkerNumber {
  readonly worker: number
  readonly lease: Lease
  /** Monotonic time before the claim was sent. */
  readonly sinceMs: number
}

/**
 * Claims a number that nobody holds, beginning anywhere, so that a number is seldom used again soon.
 *
 * @throws SEMEL_ID_NUMBERS_USED
 */
export async function claimNumber(store: Store, leaseMs: number): Promise<WorkerNumber> {
  const { leases, capabilities } = store
  const first = randomInt(numbers)
  const step = Math.min(askedAtOnce, capabilities.batchMax)
  let freeInMs = leaseMs
  for (let from = 0; from < numbers; from += step) {
    const some = range(first + from, Math.min(step, numbers - from))
    const records = await leases.read(some.map(identityOfNumber))
    for (const [at, worker] of some.entries()) {
      const leftMs = records[at]?.leftMs ?? 0
      const taken = leftMs > 0 ? undefined : await tryNumber(leases, worker, leaseMs)
      if (taken !== undefined) return taken
      freeInMs = Math.min(freeInMs, Math.max(1, leftMs))
    }
  }
  throw new SemelError('SEMEL_ID_NUMBERS_USED', `all ${numbers} worker numbers are in use`, {
    retryAfterMs: freeInMs,
  })
}

async function tryNumber(
  leases: Leases,
  worker: number,
  leaseMs: number,
): Promise<WorkerNumber | undefined> {
  const sinceMs = monotonicMs()
  const request: ClaimRequest = {
    ...identityOfNumber(worker),
    fingerprint: noFingerprint,
    claimId: newClaimId(),
    alone: false,
    by: 'run',
  }
  const terms = { leaseMs, attemptsMax: options.attemptsMax.max }
  const [claim] = await leases.claim([request], terms)
  return claim?.kind === 'granted' ? { worker, lease: claim.lease, sinceMs } : undefined
}

/**
 * The time for which a number is ours by what the store says now; undefined when it is ours no more. Whoever gets
 * the number next gets it at the end of the lease by the clock of the store, and names later milliseconds only.
 *
 * @param marginMs Is left free at the end, for a clock that steps back.
 */
export async function spanOf(
  leases: Leases,
  { worker, lease }: WorkerNumber,
  marginMs: number,
): Promise<Span | undefined> {
  const atMs = monotonicMs()
  const [record] = await leases.read([lease])
  if (record?.untilMs === undefined || !isOurs(record, lease)) return undefined
  // Never before the grant: what was named before that may be somebody else's.
  const storeMs = Math.max(record.changedMs, storeTimeOf(record))
  return { worker, storeMs, atMs, belowMs: record.untilMs - marginMs }
}

/** Gives a number back. Nobody gets it before the clock of the store has passed what was named under it. */
export async function restNumber(
  leases: Leases,
  { lease }: WorkerNumber,
  usedMs: number | undefined,
  marginMs: number,
): Promise<void> {
  const [record] = await leases.read([lease])
  if (record === undefined) return
  const aheadMs = usedMs === undefined ? 0 : usedMs + 1 - storeTimeOf(record)
  await leases.settle(lease, {
    state: 'failed',
    reason: 'released',
    detail: 'the number rests',
    retryInMs: Math.ceil(Math.max(0, aheadMs) + marginMs),
    counted: false,
    message: undefined,
  })
}

function isOurs(record: RecordView, lease: Lease): boolean {
  const { state, token, claimId } = record
  return (
    state === 'leased' &&
    token === lease.token &&
    claimId !== undefined &&
    equalBytes(claimId, lease.claimId)
  )
}

function storeTimeOf({ untilMs = 0, leftMs }: RecordView): number {
  return untilMs - leftMs
}

function identityOfNumber(worker: number): Identity {
  return identityOf(scope, worker)
}

function range(from: number, length: number): readonly number[] {
  return Array.from({ length }, (_, at) => (from + at) % numbers)
}
