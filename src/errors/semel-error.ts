import { catalog, type SemelCode } from './catalog.ts'

export interface SemelErrorOptions extends ErrorOptions {
  /** For `SEMEL_HELD`: milliseconds after which asking again makes sense. */
  readonly retryAfterMs?: number
}

/**
 * Every error of this package. Tell errors apart by {@link isSemelError} and `code`, never by the text.
 *
 * The brand is a property, so that it is recognised across two copies of the package.
 */
export class SemelError extends Error {
  readonly '~semel' = 'error'
  readonly code: SemelCode
  readonly retryAfterMs: number | undefined

  constructor(code: SemelCode, message: string, options: SemelErrorOptions = {}) {
    super(message, options)
    this.name = 'SemelError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return catalog[this.code].retryable
  }

  /** What to do about it, in one sentence. */
  get advice(): string {
    return catalog[this.code].advice
  }
}

/** Whether `error` is ours; with `code`, whether it is that one. */
export function isSemelError(error: unknown, code?: SemelCode): error is SemelError {
  return brandOf(error) === 'error' && (code === undefined || codeOf(error) === code)
}

/** Whoever throws an object may throw one that throws itself. */
function codeOf(error: unknown): unknown {
  try {
    return (error as SemelError).code
  } catch {
    return undefined
  }
}

/** Breaks loudly where a promise of ours does not hold. */
export function assertThat(condition: unknown, why: string): asserts condition {
  if (!condition) throw new SemelError('SEMEL_INVARIANT_BROKEN', why)
}

/** For the end of a `switch` over a union: a new member does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new SemelError('SEMEL_INVARIANT_BROKEN', `unexpected ${JSON.stringify(value)}`)
}

/** The text of whatever was thrown, for records and events; never longer than 500 characters, never throws. */
export function describeError(error: unknown): string {
  const text = textOf(error)
  return (text.length > 500 ? `${text.slice(0, 499)}…` : text).toWellFormed()
}

export function brandOf(error: unknown): unknown {
  try {
    return typeof error === 'object' && error !== null && '~semel' in error
      ? error['~semel']
      : undefined
  } catch {
    return undefined
  }
}

/** A handler can throw anything, also what cannot be turned into a string. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return `something of type ${typeof error} that has no text`
  }
}
