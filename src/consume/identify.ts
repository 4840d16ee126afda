import type { Message } from '../delivery/message.ts'
import { hush } from '../errors/hush.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { bodyFingerprint, fieldsFingerprint, noFingerprint } from '../inbox/fingerprint.ts'
import { type Identity, identityOf } from '../inbox/identity.ts'
import { parseJson } from '../inbox/json.ts'
import type { Reason } from '../inbox/record.ts'
import { callHandler, HandlerFailure, isThenable, type PerformLimits } from '../once/perform.ts'
import type { AnyOptions, Flow } from './flow.ts'

/** A message with its identity; or why it has none (P3). */
export type Identified =
  | {
      readonly kind: 'identified'
      readonly identity: Identity
      readonly fingerprint: Bytes
      readonly message: Message<unknown>
      /** Undefined: it keeps no order. */
      readonly lane: Bytes | undefined
    }
  | { readonly kind: 'unidentified'; readonly reason: Reason; readonly detail: string }

/**
 * Bytes to message, key, fingerprint and lane; at once, where decoder and schema answer at once. Nothing that a
 * message contains makes it throw.
 *
 * @throws HandlerFailure when it was stopped.
 */
export function identify(
  raw: Message<Uint8Array>,
  flow: Flow,
  stop: AbortSignal,
): Identified | Promise<Identified> {
  const decoded = decodeMessage(raw, flow, stop)
  return decoded instanceof Promise
    ? decoded.then((late) => identityOfDecoded(raw, late, flow))
    : identityOfDecoded(raw, decoded, flow)
}

function identityOfDecoded(raw: Message<Uint8Array>, decoded: Decoded, flow: Flow): Identified {
  if (decoded.kind === 'undecoded') return { ...decoded, kind: 'unidentified' }
  const { message } = decoded
  try {
    const key = flow.options.key(message)
    hush(key)
    const identity = identityOf(flow.scopeOf(message), key)
    // A key that belongs nowhere is no usable key.
    flow.store.shards?.of(identity)
    const fingerprint = fingerprintOf(raw, message, flow.options)
    return { kind: 'identified', identity, fingerprint, message, lane: flow.laneOf(message) }
  } catch (error) {
    return { kind: 'unidentified', reason: 'no-key', detail: describeError(error) }
  }
}

export type Decoded =
  | { readonly kind: 'decoded'; readonly message: Message<unknown> }
  | { readonly kind: 'undecoded'; readonly reason: Reason; readonly detail: string }

/** @throws HandlerFailure when it was stopped: then nothing is known of the message. */
export function decodeMessage(
  raw: Message<Uint8Array>,
  flow: Flow,
  stop: AbortSignal,
): Decoded | Promise<Decoded> {
  const decoded = (body: unknown): Decoded => ({ kind: 'decoded', message: { ...raw, body } })
  try {
    const body = decodeBody(raw, flow, stop)
    return isThenable(body) ? Promise.resolve(body).then(decoded, undecoded) : decoded(body)
  } catch (error) {
    return undecoded(error)
  }
}

function undecoded(error: unknown): Decoded {
  if (error instanceof HandlerFailure && error.stopped) throw error
  const reason = isSemelError(error, 'SEMEL_BODY_REFUSED') ? 'refused' : 'unreadable'
  const thrown = error instanceof HandlerFailure ? error.error : error
  return { kind: 'undecoded', reason, detail: describeError(thrown) }
}

function decodeBody(
  raw: Message<Uint8Array>,
  { options, limits }: Flow,
  stop: AbortSignal,
): unknown {
  const size = raw.body.length
  if (size > limits.bodyBytesMax) {
    const text = `the body has ${size} bytes, allowed are ${limits.bodyBytesMax}`
    throw new SemelError('SEMEL_BODY_TOO_LARGE', text)
  }
  const value = options.decode
    ? inTime(decodeCopy(raw, options.decode), limits, stop)
    : parseJson(raw.body, limits.jsonDepthMax)
  const { body } = options
  if (body === undefined) return value
  const check = (late: unknown): unknown => bodyOf(body, late, limits, stop)
  return isThenable(value) ? Promise.resolve(value).then(check) : check(value)
}

/** What a schema makes of a value. */
function bodyOf(
  schema: NonNullable<AnyOptions['body']>,
  value: unknown,
  limits: PerformLimits,
  stop: AbortSignal,
): unknown {
  const checked = inTime(schema['~standard'].validate(value), limits, stop)
  return checked instanceof Promise ? checked.then(accepted) : accepted(checked)
}

function accepted(checked: Checked): unknown {
  if (checked.issues === undefined) return checked.value
  const issues = checked.issues.map(({ message }) => message).join('; ')
  throw new SemelError('SEMEL_BODY_REFUSED', `the body does not fit its schema: ${issues}`)
}

type Checked = Awaited<ReturnType<NonNullable<AnyOptions['body']>['~standard']['validate']>>

/** A decoder may work in place: what is fingerprinted and parked stays as it was received. */
function decodeCopy(raw: Message<Uint8Array>, decode: NonNullable<AnyOptions['decode']>): unknown {
  const body = raw.body.slice()
  return decode(body, { ...raw, body })
}

/** What a user's decoder or schema makes of a body, if it comes in the time of a handler. */
function inTime<R>(
  value: R,
  limits: PerformLimits,
  stop: AbortSignal,
): Awaited<R> | Promise<Awaited<R>> {
  return isThenable(value)
    ? (callHandler(() => Promise.resolve(value), limits, [stop]) as Promise<Awaited<R>>)
    : (value as Awaited<R>)
}

function fingerprintOf(
  raw: Message<Uint8Array>,
  message: Message<unknown>,
  { fingerprint }: AnyOptions,
): Bytes {
  if (fingerprint === 'off') return noFingerprint
  if (fingerprint === undefined) return bodyFingerprint(raw.body)
  const fields = fingerprint(message)
  hush(fields)
  return fieldsFingerprint(fields)
}
