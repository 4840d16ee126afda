import type { SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError } from '../errors/semel-error.ts'
import { isDeadLetter, isRetryLater, isTooEarly } from '../errors/steering.ts'
import type { Outcome, ParkedMessage, Reason } from '../inbox/record.ts'

export interface RetryLimits {
  readonly attemptsMax: number
  readonly retryDelayMs: number
  readonly retryDelayMsMax: number
}

export interface Failure {
  readonly error: unknown
  /** From 1. */
  readonly attempt: number
  /** Kept with the record where there is one: takers run it again. */
  readonly message: ParkedMessage | undefined
  /** False while the circuit is open (P27). */
  readonly counted: boolean
  /** Whether an early message has waited longer than it may (P26). */
  readonly expired: boolean
}

/** Of our own, those that another attempt can only make worse. */
const hopelessErrors: readonly (readonly [SemelCode, Reason])[] = [
  ['SEMEL_EFFECT_UNCERTAIN', 'uncertain'],
  ['SEMEL_STEP_RESULT_INVALID', 'permanent'],
  ['SEMEL_VALUES_INVALID', 'permanent'],
  ['SEMEL_ROW_CONFLICT', 'conflict'],
  ['SEMEL_VERSION_CONFLICT', 'conflict'],
  ['SEMEL_TRANSITION_REFUSED', 'conflict'],
]

/** What a failed attempt comes to: tried again later, or dead. */
export function outcomeOfFailure(failure: Failure, limits: RetryLimits): Outcome {
  const { error, attempt, message, counted } = failure
  const detail = describeError(error)
  const [, hopeless] = hopelessErrors.find(([code]) => isSemelError(error, code)) ?? []
  if (hopeless !== undefined) return { state: 'dead', reason: hopeless, detail, message }
  if (isDeadLetter(error)) return { state: 'dead', reason: 'permanent', detail, message }
  if (isTooEarly(error) && failure.expired)
    return { state: 'dead', reason: 'expired', detail, message }
  if (isTooEarly(error)) {
    const retryInMs = retryDelay(1, limits)
    return { state: 'failed', reason: 'early', detail, retryInMs, counted: false, message }
  }
  const reason = isSemelError(error, 'SEMEL_HANDLER_TIMEOUT') ? 'timeout' : 'failed'
  if (counted && attempt >= limits.attemptsMax) return { state: 'dead', reason, detail, message }
  const retryInMs = isRetryLater(error) ? boundedDelay(error.delayMs) : retryDelay(attempt, limits)
  return { state: 'failed', reason, detail, retryInMs, counted, message }
}

/** At most a year, in whole milliseconds: what a store can keep and a person can wait for. */
function boundedDelay(ms: number): number {
  return Number.isFinite(ms) ? Math.round(Math.min(Math.max(0, ms), 31_536_000_000)) : 0
}

/** Doubles with every attempt, up to the limit; the upper half is random, so that crowds do not return at once. */
export function retryDelay(
  attempt: number,
  { retryDelayMs, retryDelayMsMax }: Pick<RetryLimits, 'retryDelayMs' | 'retryDelayMsMax'>,
  random: () => number = Math.random,
): number {
  const doubled = Math.min(retryDelayMsMax, retryDelayMs * 2 ** Math.min(attempt - 1, 40))
  return Math.round((doubled / 2) * (1 + random()))
}
