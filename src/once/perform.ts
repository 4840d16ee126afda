import { isSemelError, SemelError } from '../errors/semel-error.ts'

/** Wraps what a handler threw, so that it is never taken for an error of the store. */
export class HandlerFailure extends Error {
  readonly error: unknown
  /** Whether we stopped it: the caller, or the consumer. Then nothing has failed. */
  readonly stopped: boolean
  constructor(error: unknown, stopped: boolean) {
    super('the handler failed')
    this.error = error
    this.stopped = stopped
  }
}

export interface PerformLimits {
  readonly performMsMax: number
}

/**
 * Calls a handler and waits for it, at most `performMsMax` and until one of `stops`, or `lost`, aborts. A handler
 * that goes on after that is left behind: what it returns counts for nothing.
 *
 * @throws HandlerFailure around whatever the handler threw, or the reason why it was given up.
 */
export async function callHandler<R>(
  call: (signal: AbortSignal) => R | Promise<R>,
  { performMsMax }: PerformLimits,
  stops: readonly AbortSignal[],
  lost: readonly AbortSignal[] = [],
): Promise<R> {
  const own = new AbortController()
  const { signal } = own
  const timer = setTimeout(() => own.abort(tooLong(performMsMax)), performMsMax)
  let unfollow: (() => void) | undefined
  try {
    unfollow = follow(own, [...stops, ...lost])
    signal.throwIfAborted()
    const value = await untilAborted(call(signal), signal)
    signal.throwIfAborted()
    return value
  } catch (error) {
    const stopped =
      signal.aborted && error === signal.reason && stops.some(({ aborted }) => aborted)
    throw new HandlerFailure(error, stopped)
  } finally {
    clearTimeout(timer)
    unfollow?.()
  }
}

/** Errors of a transaction that are the handler's doing, though the store found them. */
const handlersDoing = [
  'SEMEL_SQLITE_WAITED',
  'SEMEL_TX_ROLLED_BACK',
  'SEMEL_RESULT_INVALID',
  'SEMEL_RESULT_TOO_LARGE',
] as const

/** What the handler threw or did, undefined when it was not its doing. */
export function handlersError(
  error: unknown,
): { readonly error: unknown; readonly stopped: boolean } | undefined {
  if (error instanceof HandlerFailure) return error
  return handlersDoing.some((code) => isSemelError(error, code))
    ? { error, stopped: false }
    : undefined
}

/** Whether it is something to wait for; a function with `then` is, too. */
export function isThenable<R>(value: R | PromiseLike<R>): value is PromiseLike<R>
export function isThenable(value: unknown): value is PromiseLike<unknown>
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const type = typeof value
  if (value === null || (type !== 'object' && type !== 'function')) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/** Aborts with the first of the others; `AbortSignal.any` costs ten times as much per message. */
function follow(own: AbortController, stops: readonly AbortSignal[]): () => void {
  const abort = ({ target }: Event): void => own.abort((target as AbortSignal).reason)
  for (const stop of stops) {
    if (stop.aborted) own.abort(stop.reason)
    stop.addEventListener('abort', abort)
  }
  return () => {
    for (const stop of stops) stop.removeEventListener('abort', abort)
  }
}

async function untilAborted<R>(work: R | Promise<R>, signal: AbortSignal): Promise<R> {
  if (!isThenable(work)) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function tooLong(performMsMax: number): SemelError {
  return new SemelError('SEMEL_HANDLER_TIMEOUT', `the handler ran longer than ${performMsMax} ms`)
}
