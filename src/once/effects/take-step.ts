import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { isSemelError, SemelError } from '../../errors/semel-error.ts'
import type { Lease } from '../../inbox/record.ts'
import { decodeResult, encodeResult } from '../../inbox/result.ts'
import { stepKey, type Steps } from '../../inbox/steps.ts'
import { askAgain } from '../again.ts'
import { retryDelay } from '../outcome.ts'
import type { Effect } from './declarations.ts'
import { type Fault, isStoreError } from './fault.ts'

/** What the calls of one attempt share. */
export interface CallTerms {
  readonly steps: Steps
  readonly lease: Lease
  /** Aborts when the attempt is given up: nothing is called then. */
  readonly signal: AbortSignal
  readonly resultBytesMax: number
  readonly fault: Fault
}

export type Made = (key: string) => unknown

/** One call, and what is declared of it. */
export interface Taken {
  readonly effect: Effect
  readonly step: string
  readonly call: Made
}

/**
 * Intent committed, then the call, then the result committed (P12).
 *
 * @throws what the call throws; what is noted as a fault; the reason of the signal
 */
export async function takeStep(taken: Taken, terms: CallTerms): Promise<unknown> {
  const { steps, lease, signal, fault } = terms
  const { step, effect } = taken
  signal.throwIfAborted()
  const intent = { step, kind: effect.kind, intentId: new Uint8Array(randomBytes(16)) }
  const answer = await fault.ofOurs(askAgain(() => steps.begin(lease, intent)))
  switch (answer.kind) {
    case 'done':
      return decodeResult(answer.result)
    case 'fenced':
      throw fault.note(fenced(step))
    case 'begun':
      return callAndRecord(taken, terms)
    default:
      return settleDoubt(taken, answer.ageMs, terms)
  }
}

/** An earlier attempt has begun it, and nobody knows what came of it. */
async function settleDoubt(taken: Taken, ageMs: number, terms: CallTerms): Promise<unknown> {
  const { effect, step } = taken
  const { kind, remembersMs = 0, find } = effect
  if (kind === 'at-most-once') throw terms.fault.note(uncertain(step, 'it may have happened'))
  if (kind === 'forwarded-key' && ageMs >= remembersMs)
    throw terms.fault.note(
      uncertain(step, `it was begun ${ageMs} ms ago, and the far side remembers ${remembersMs} ms`),
    )
  terms.signal.throwIfAborted()
  const found = await find?.(stepKey(terms.lease, step))
  return found === undefined || found === null
    ? callAndRecord(taken, terms)
    : record(step, found, terms)
}

async function callAndRecord({ step, call }: Taken, terms: CallTerms): Promise<unknown> {
  terms.signal.throwIfAborted()
  return record(step, await call(stepKey(terms.lease, step)), terms)
}

async function record(step: string, value: unknown, terms: CallTerms): Promise<unknown> {
  const { fault } = terms
  const text = textOf(step, value, terms)
  const answer = await fault.ofOurs(finish(step, text, terms))
  if (answer === 'fenced') throw fault.note(fenced(step))
  return decodeResult(text)
}

/** It has happened: while the lease is ours, a store that is away is waited for. */
async function finish(
  step: string,
  text: string | undefined,
  { steps, lease, signal }: CallTerms,
): Promise<'recorded' | 'fenced'> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await steps.finish(lease, step, text)
    } catch (error) {
      if (!isStoreError(error) || !error.retryable || signal.aborted) throw error
      await pause(retryDelay(attempt, { retryDelayMs: 10, retryDelayMsMax: 1_000 }))
    }
  }
}

function textOf(
  step: string,
  value: unknown,
  { resultBytesMax, fault }: CallTerms,
): string | undefined {
  try {
    return encodeResult(value, resultBytesMax)
  } catch (cause) {
    const why = isSemelError(cause) ? cause.message : 'it is not JSON'
    const text = `effect ${step} has happened, and its result cannot be recorded: ${why}`
    throw fault.note(new SemelError('SEMEL_STEP_RESULT_INVALID', text, { cause }))
  }
}

function fenced(step: string): SemelError {
  return new SemelError('SEMEL_FENCED', `effect ${step}: somebody newer has taken the key over`)
}

function uncertain(step: string, why: string): SemelError {
  return new SemelError(
    'SEMEL_EFFECT_UNCERTAIN',
    `effect ${step} was begun and has no result: ${why}`,
  )
}
