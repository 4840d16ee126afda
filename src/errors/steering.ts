import { brandOf } from './semel-error.ts'

/**
 * Thrown by a handler that wants to be called again after a time of its own choosing.
 *
 * The attempt counts like any other failure.
 */
export class RetryLater extends Error {
  readonly '~semel' = 'retry-later'
  /** Milliseconds until the next attempt, from 0. */
  readonly delayMs: number

  constructor(delayMs: number, options?: ErrorOptions & { readonly message?: string }) {
    super(options?.message ?? `asked to be called again in ${delayMs} ms`, options)
    this.name = 'RetryLater'
    this.delayMs = Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0
  }
}

/** Thrown by a handler that knows that trying again cannot help: the message is dead at once. */
export class DeadLetter extends Error {
  readonly '~semel' = 'dead-letter'

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'DeadLetter'
  }
}

export function isRetryLater(error: unknown): error is RetryLater {
  return brandOf(error) === 'retry-later'
}

export function isDeadLetter(error: unknown): error is DeadLetter {
  return brandOf(error) === 'dead-letter'
}

/**
 * Thrown by a handler whose message came before its turn: it is parked, the attempt does not count, and after
 * `earlyMsMax` it is dead.
 */
export class TooEarly extends Error {
  readonly '~semel' = 'too-early'

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'TooEarly'
  }
}

export function isTooEarly(error: unknown): error is TooEarly {
  return brandOf(error) === 'too-early'
}
