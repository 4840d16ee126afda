import { isSemelError, SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'

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

/** How a handler is told to stop. The signal is made when somebody asks for it: most handlers never do. */
export interface Stopper {
  readonly signal: AbortSignal
}

/**
 * Calls a handler and waits for it, at most `performMsMax` and until one of `stops`, or `lost`, aborts. A handler
 * that goes on after that is left behind: what it returns counts for nothing.
 *
 * @throws HandlerFailure around whatever the handler threw, or the reason why it was given up.
 */
export async function callHandler<R>(
  call: (own: Stopper) => R | Promise<R>,
  { performMsMax }: PerformLimits,
  stops: readonly AbortSignal[],
  lost: readonly AbortSignal[] = [],
): Promise<R> {
  const others = [...stops, ...lost]
  const beganMs = monotonicMs()
  const own = stopper(others)
  try {
    throwIfAny(others)
    const value = call(own)
    if (!isThenable(value)) {
      throwIfAny(others)
      return value
    }
    return await own.during(value, performMsMax - (monotonicMs() - beganMs), performMsMax)
  } catch (error) {
    const stopped = stops.some(({ aborted, reason }) => aborted && reason === error)
    throw new HandlerFailure(error, stopped)
  } finally {
    own.end()
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

interface OwnStopper extends Stopper {
  /** Waits for a handler that takes its time, and gives it up when that is over. */
  during<R>(work: PromiseLike<R>, leftMs: number, performMsMax: number): Promise<R>
  end(): void
}

/** Aborts with the first of the others; `AbortSignal.any` costs ten times as much per message. */
function stopper(others: readonly AbortSignal[]): OwnStopper {
  let own: AbortController | undefined
  let timer: NodeJS.Timeout | undefined
  const abort = ({ target }: Event): void => own?.abort((target as AbortSignal).reason)
  function made(): AbortSignal {
    if (own !== undefined) return own.signal
    own = new AbortController()
    for (const other of others) {
      if (other.aborted) own.abort(other.reason)
      other.addEventListener('abort', abort)
    }
    return own.signal
  }
  return {
    get signal() {
      return made()
    },
    async during(work, leftMs, performMsMax) {
      const signal = made()
      timer = setTimeout(() => own?.abort(tooLong(performMsMax)), Math.max(0, leftMs))
      const value = await untilAborted(work, signal)
      signal.throwIfAborted()
      return value
    },
    end() {
      clearTimeout(timer)
      if (own !== undefined) for (const other of others) other.removeEventListener('abort', abort)
    },
  }
}

function throwIfAny(signals: readonly AbortSignal[]): void {
  for (const signal of signals) signal.throwIfAborted()
}

async function untilAborted<R>(work: PromiseLike<R>, signal: AbortSignal): Promise<R> {
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
