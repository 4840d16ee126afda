import { setTimeout as pause } from 'node:timers/promises'
import type { Message } from '../delivery/message.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { bodyFingerprint, fieldsFingerprint, noFingerprint } from '../inbox/fingerprint.ts'
import { type Identity, identityOf } from '../inbox/identity.ts'
import { parseJson } from '../inbox/json.ts'
import type { Reason } from '../inbox/record.ts'
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
export async function identify(raw: Message<Uint8Array>, flow: Flow): Promise<Identified> {
  const decoded = await decodeMessage(raw, flow)
  if (decoded.kind === 'undecoded') return { ...decoded, kind: 'unidentified' }
  const { message } = decoded
  try {
    const identity = identityOf(flow.scopeOf(message), flow.options.key(message))
    const fingerprint = fingerprintOf(raw, message, flow.options)
    return { kind: 'identified', identity, fingerprint, message }
  } catch (error) {
    return { kind: 'unidentified', reason: 'no-key', detail: describeError(error) }
  }
}

export type Decoded =
  | { readonly kind: 'decoded'; readonly message: Message<unknown> }
  | { readonly kind: 'undecoded'; readonly reason: Reason; readonly detail: string }

export async function decodeMessage(raw: Message<Uint8Array>, flow: Flow): Promise<Decoded> {
  try {
    return { kind: 'decoded', message: { ...raw, body: await decodeBody(raw, flow) } }
  } catch (error) {
    const reason = isSemelError(error, 'SEMEL_BODY_REFUSED') ? 'refused' : 'unreadable'
    return { kind: 'undecoded', reason, detail: describeError(error) }
  }
}

async function decodeBody(raw: Message<Uint8Array>, { options, limits }: Flow): Promise<unknown> {
  const size = raw.body.length
  if (size > limits.bodyBytesMax) {
    const text = `the body has ${size} bytes, allowed are ${limits.bodyBytesMax}`
    throw new SemelError('SEMEL_BODY_TOO_LARGE', text)
  }
  const value = options.decode
    ? await inTime(options.decode(raw.body, raw), limits.performMsMax)
    : parseJson(raw.body, limits.jsonDepthMax)
  if (options.body === undefined) return value
  const checked = await inTime(options.body['~standard'].validate(value), limits.performMsMax)
  if (checked.issues === undefined) return checked.value
  const issues = checked.issues.map(({ message }) => message).join('; ')
  throw new SemelError('SEMEL_BODY_REFUSED', `the body does not fit its schema: ${issues}`)
}

/** What a user's decoder or schema makes of a body, if it comes in the time of a handler. */
async function inTime<R>(value: R | Promise<R>, ms: number): Promise<R> {
  if (!(value instanceof Promise)) return value
  const late = new AbortController()
  const over = pause(ms, undefined, { signal: late.signal }).then(() => {
    throw new SemelError('SEMEL_HANDLER_TIMEOUT', `decoding took longer than ${ms} ms`)
  })
  return Promise.race([value, over]).finally(() => {
    over.catch(() => undefined)
    late.abort()
  })
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
