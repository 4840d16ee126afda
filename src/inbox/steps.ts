import { type Bytes, compose, equalBytes, sha256, utf8 } from './bytes.ts'
import type { Ask, Decision } from './decide.ts'
import type { Identity } from './identity.ts'
import type { InboxRecord, Lease } from './record.ts'

/** What is known of the far side of an effect, and therefore what a doubt comes to. */
export type EffectKind = 'forwarded-key' | 'checkable' | 'at-least-once' | 'at-most-once'

/** One call of a declared effect, about to be made. */
export interface StepIntent {
  /** Unique within its key, and the same in every attempt. */
  readonly step: string
  readonly kind: EffectKind
  /** Random, one per call: an intent whose answer was lost finds itself again. */
  readonly intentId: Bytes
}

/** What is known of a step: the intent, and the result once there is one. */
export interface RecordedStep extends Pick<StepIntent, 'step' | 'kind'> {
  readonly done: boolean
  /** JSON text; undefined while it is not done, and for no result. */
  readonly result: string | undefined
}

/** As a store keeps it. */
export interface StepRow extends RecordedStep {
  /** Of the call that first began it. */
  readonly intentId: Bytes
  /** When it was first begun, by the store's clock. */
  readonly begunMs: number
}

/** The answers to an intent. None of them is an error. */
export type StepAnswer =
  /** Nobody has begun it before this attempt: call. */
  | { readonly kind: 'begun' }
  /** An earlier attempt has begun it, so long ago, and nobody knows what came of it. */
  | { readonly kind: 'open'; readonly ageMs: number }
  | { readonly kind: 'done'; readonly result: string | undefined }
  /** Somebody newer holds the key: do not call. */
  | { readonly kind: 'fenced' }

/**
 * Port. Remembers calls to the outside from before they are made. Each call commits on its own before it answers,
 * and carries claim id and token (P7): a fenced one changes nothing.
 *
 * Steps go when their record is completed, forgotten or pruned. They stay while it is failed or dead, when a lease
 * is given back, and through a redrive, so that what was paid is not paid again; a redrive with `callAgain` takes
 * back those that have no result.
 */
export interface Steps {
  /**
   * Commits the intent. Repeatable: the same intent again is answered the same. Of several the first one stays, with
   * its time.
   */
  begin(lease: Lease, intent: StepIntent): Promise<StepAnswer>
  /** Commits the result of a step that was begun. Repeatable. The first result stays. */
  finish(lease: Lease, step: string, result: string | undefined): Promise<'recorded' | 'fenced'>
  read(identity: Identity): Promise<readonly RecordedStep[]>
}

/** What an intent comes to, and the row to be written if it is new. Pure: the store does it in one step. */
export function beginStep(
  record: InboxRecord | undefined,
  known: StepRow | undefined,
  {
    lease,
    intent,
    nowMs,
  }: { readonly lease: Lease; readonly intent: StepIntent; readonly nowMs: number },
): { readonly answer: StepAnswer; readonly next: StepRow | undefined } {
  if (!holdsLease(record, lease)) return { answer: { kind: 'fenced' }, next: undefined }
  if (known === undefined) {
    const next = { ...intent, begunMs: nowMs, done: false, result: undefined }
    return { answer: { kind: 'begun' }, next }
  }
  return { answer: answerKnown(known, intent, nowMs), next: undefined }
}

function answerKnown(known: StepRow, { intentId }: StepIntent, nowMs: number): StepAnswer {
  if (known.done) return { kind: 'done', result: known.result }
  // Its answer was lost, and nobody calls before the answer.
  if (equalBytes(known.intentId, intentId)) return { kind: 'begun' }
  return { kind: 'open', ageMs: Math.max(0, nowMs - known.begunMs) }
}

/** What a result comes to, and the row to be written if it is the first. */
export function finishStep(
  record: InboxRecord | undefined,
  known: StepRow | undefined,
  lease: Lease,
  result: string | undefined,
): { readonly answer: 'recorded' | 'fenced'; readonly next: StepRow | undefined } {
  if (known === undefined || !holdsLease(record, lease))
    return { answer: 'fenced', next: undefined }
  if (known.done) return { answer: 'recorded', next: undefined }
  return { answer: 'recorded', next: { ...known, done: true, result } }
}

/** Whether a record is leased to whom this lease was granted (P7). */
function holdsLease(record: InboxRecord | undefined, { token, claimId }: Lease): boolean {
  if (record?.state !== 'leased' || record.claimId === undefined) return false
  return record.token === token && equalBytes(record.claimId, claimId)
}

/** What becomes of the steps of a record when it changes: which of them go. */
export function stepsThatGo({ changed, next }: Decision, ask: Ask): 'none' | 'open' | 'all' {
  if (!changed) return 'none'
  if (next === undefined) return ask.on === 'release' ? 'none' : 'all'
  if (next.state === 'completed') return 'all'
  return ask.on === 'redrive' && ask.callAgain === true ? 'open' : 'none'
}

/**
 * The key that is passed on to the far side: the same in every attempt, after every takeover and redrive, and no
 * other step's. 43 characters of base64url.
 */
export function stepKey({ scope, key }: Identity, step: string): string {
  const whole: readonly Bytes[] = [product, scope, key, utf8(step)]
  return Buffer.from(sha256(compose(whole))).toString('base64url')
}

/** Never changes: it would change every key. */
const product = utf8('semel step 1')
