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
    }
  | { readonly kind: 'unidentified'; readonly reason: Reason; readonly detail: string }

/** Bytes to message, key and fingerprint. Nothing that a message contains makes it throw. */
export async function identify(
  raw: Message<Uint8Array>,
  flow: Flow,
  stop: AbortSignal,
): Promise<Identified> {
  const decoded = await decodeMessage(raw, flow, stop)
  if (decoded.kind === 'undecoded') return { ...decoded, kind: 'unidentified' }
  const { message } = decoded
  try {
    const key = flow.options.key(message)
    hush(key)
    const identity = identityOf(flow.scopeOf(message), key)
    const fingerprint = fingerprintOf(raw, message, flow.options)
    return { kind: 'identified', identity, fingerprint, message }
  } catch (error) {
    return { kind: 'unidentified', reason: 'no-key', detail: describeError(error) }
  }
}

export type Decoded =
  | { readonly kind: 'decoded'; readonly message: Message<unknown> }
  | { readonly kind: 'undecoded'; readonly reason: Reason; readonly detail: string }

/** @throws HandlerFailure when it was stopped: then nothing is known of the message. */
export async function decodeMessage(
  raw: Message<Uint8Array>,
  flow: Flow,
  stop: AbortSignal,
): Promise<Decoded> {
  try {
    return { kind: 'decoded', message: { ...raw, body: await decodeBody(raw, flow, stop) } }
  } catch (error) {
    if (error instanceof HandlerFailure && error.stopped) throw error
    const reason = isSemelError(error, 'SEMEL_BODY_REFUSED') ? 'refused' : 'unreadable'
    const thrown = error instanceof HandlerFailure ? error.error : error
    return { kind: 'undecoded', reason, detail: describeError(thrown) }
  }
}

async function decodeBody(
  raw: Message<Uint8Array>,
  { options, limits }: Flow,
  stop: AbortSignal,
): Promise<unknown> {
  const size = raw.body.length
  if (size > limits.bodyBytesMax) {
    const text = `the body has ${size} bytes, allowed are ${limits.bodyBytesMax}`
    throw new SemelError('SEMEL_BODY_TOO_LARGE', text)
  }
  const value = options.decode
    ? await inTime(decodeCopy(raw, options.decode), limits, stop)
    : parseJson(raw.body, limits.jsonDepthMax)
  if (options.body === undefined) return value
  const checked = await inTime(options.body['~standard'].validate(value), limits, stop)
  if (checked.issues === undefined) return checked.value
  const issues = checked.issues.map(({ message }) => message).join('; ')
  throw new SemelError('SEMEL_BODY_REFUSED', `the body does not fit its schema: ${issues}`)
}

/** A decoder may work in place: what is fingerprinted and parked stays as it was received. */
function decodeCopy(raw: Message<Uint8Array>, decode: NonNullable<AnyOptions['decode']>): unknown {
  const body = raw.body.slice()
  return decode(body, { ...raw, body })
}

/** What a user's decoder or schema makes of a body, if it comes in the time of a handler. */
async function inTime<R>(value: R, limits: PerformLimits, stop: AbortSignal): Promise<Awaited<R>> {
  return isThenable(value)
    ? callHandler(() => Promise.resolve(value), limits, [stop])
    : (value as Awaited<R>)
}

function fingerprintOf(
  raw: Message<Uint8Array>,
  message: Message<unknown>,
  { fingerprint }: AnyOptions,
): Bytes {
  if (fingerprint === 'off') return noFingerprint
  return fingerprint === undefined
    ? bodyFingerprint(raw.body)
    : fieldsFingerprint(fingerprint(message))
}
