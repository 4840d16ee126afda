import { isSemelError, SemelError } from '../errors/semel-error.ts'

/** Wraps what a handler threw, so that it is never taken for an error of the store. */
export class HandlerFailure extends Error {
  readonly error: unknown
  constructor(error: unknown) {
    super('the handler failed')
    this.error = error
  }
}

export interface PerformLimits {
  readonly performMsMax: number
}

/**
 * Calls a handler and waits for it, at most `performMsMax` and until one of the `stops` aborts. A handler that
 * goes on after that is left behind: what it returns counts for nothing.
 *
 * @throws HandlerFailure around whatever the handler threw, or the reason why it was given up.
 */
export async function callHandler<R>(
  call: (signal: AbortSignal) => R | Promise<R>,
  { performMsMax }: PerformLimits,
  stops: readonly AbortSignal[],
): Promise<R> {
  const own = new AbortController()
  const timer = setTimeout(() => own.abort(tooLong(performMsMax)), performMsMax)
  const unfollow = follow(own, stops)
  try {
    own.signal.throwIfAborted()
    return await untilAborted(call(own.signal), own.signal)
  } catch (error) {
    throw new HandlerFailure(error)
  } finally {
    clearTimeout(timer)
    unfollow()
  }
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

/** Errors of a transaction that are the handler's doing, though the store found them. */
const handlersDoing = [
  'SEMEL_SQLITE_WAITED',
  'SEMEL_TX_ROLLED_BACK',
  'SEMEL_RESULT_INVALID',
  'SEMEL_RESULT_TOO_LARGE',
] as const

/** What the handler threw or did, undefined when it was not its doing. */
export function handlersError(error: unknown): { readonly error: unknown } | undefined {
  if (error instanceof HandlerFailure) return { error: error.error }
  return handlersDoing.some((code) => isSemelError(error, code)) ? { error } : undefined
}

/** Whether the handler was stopped by us and not by a fault of its own. */
export function wasAborted(error: unknown): boolean {
  return isSemelError(error, 'SEMEL_ABORTED') || isSemelError(error, 'SEMEL_LEASE_LOST')
}

async function untilAborted<R>(work: R | Promise<R>, signal: AbortSignal): Promise<R> {
  if (!(work instanceof Promise) && !isThenable(work)) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value
}

function tooLong(performMsMax: number): SemelError {
  return new SemelError('SEMEL_HANDLER_TIMEOUT', `the handler ran longer than ${performMsMax} ms`)
}
