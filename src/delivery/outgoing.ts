import { randomUUID } from 'node:crypto'
import { SemelError } from '../errors/semel-error.ts'
import { utf8 } from '../inbox/bytes.ts'
import { suggestion } from '../options/resolve.ts'
import { delayLevels, type OutgoingMessage } from './publisher.ts'

/** A message as it goes over the wire: checked, complete, and independent of what the caller does next. */
export interface EncodedMessage {
  readonly id: string
  readonly topic: string
  readonly tag: string | undefined
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly orderKey: string | undefined
  readonly delayMs: number
}

export interface OutgoingDefaults {
  readonly topic?: string | undefined
  readonly bodyBytesMax: number
}

type Fields = Readonly<Record<string, unknown>>

const fields = ['topic', 'body', 'id', 'key', 'tag', 'headers', 'orderKey', 'delay'] as const
const charactersMax = {
  topic: 200,
  id: 200,
  tag: 200,
  key: 65_536,
  orderKey: 200,
  header: 65_536,
} as const
/** One year. */
const delayMsMax = 31_536_000_000

/**
 * Checks a message and turns its body into bytes: bytes as they are, everything else as JSON, in which a bigint
 * is an integer.
 *
 * @throws SEMEL_MESSAGE_INVALID naming the field, SEMEL_BODY_TOO_LARGE
 */
export function encodeOutgoing(
  message: OutgoingMessage,
  { topic, bodyBytesMax }: OutgoingDefaults,
): EncodedMessage {
  if (typeof message !== 'object' || message === null)
    throw invalid(`it is ${String(message)}, not an object`)
  refuseStrangers(message)
  return {
    id: message.id === undefined ? randomUUID() : name('id', message.id),
    topic: name('topic', message.topic ?? topic),
    tag: message.tag === undefined ? undefined : tagOf(message.tag),
    key: message.key === undefined ? undefined : name('key', message.key),
    headers: message.headers === undefined ? {} : headersOf(message.headers),
    body: bodyOf(message.body, bodyBytesMax),
    orderKey: orderKeyOf(message),
    delayMs: delayOf(message.delay),
  }
}

/** What waits for its time would hold up everything behind it. */
function orderKeyOf({ orderKey, delay }: OutgoingMessage): string | undefined {
  if (orderKey === undefined) return undefined
  if (delay !== undefined) throw invalid('it has an order key and a delay; choose one of them')
  return name('orderKey', orderKey)
}

/** A misspelt delay would be a message that goes out at once. */
function refuseStrangers(message: object): void {
  for (const field of Object.keys(message))
    if (!(fields as readonly string[]).includes(field))
      throw invalid(`it has a field "${field}" that is not known${suggestion(field, fields)}`)
}

function name(field: keyof typeof charactersMax, value: unknown): string {
  if (value === '' || value === undefined) throw invalid(`its ${field} is missing`)
  return text(field, value)
}

function text(field: keyof typeof charactersMax, value: unknown): string {
  if (typeof value !== 'string') throw invalid(`its ${field} is a ${typeof value}, not a string`)
  if (!value.isWellFormed()) throw invalid(`its ${field} has a lone surrogate`)
  if (value.length <= charactersMax[field]) return value
  throw invalid(`its ${field} has ${value.length} characters, allowed are ${charactersMax[field]}`)
}

/** What could not be told apart in a filter of tags is no tag. */
function tagOf(value: unknown): string {
  const tag = name('tag', value)
  if (tag.includes('|') || tag === '*' || tag.trim() !== tag)
    throw invalid(`its tag is ${JSON.stringify(tag)}; a tag has no | and no spaces around it`)
  return tag
}

function headersOf(headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw invalid('its headers are no object of strings')
  const entries = Object.entries(headers as Fields)
  return Object.fromEntries(
    entries.map(([header, value]) => [name('header', header), text('header', value)]),
  )
}

function delayOf(delay: unknown): number {
  if (delay === undefined) return 0
  if (typeof delay === 'string' && Object.hasOwn(delayLevels, delay))
    return delayLevels[delay as keyof typeof delayLevels]
  if (Number.isInteger(delay) && Number(delay) >= 0 && Number(delay) <= delayMsMax)
    return Number(delay)
  throw invalid(
    `its delay is ${typeof delay === 'number' ? delay : JSON.stringify(delay)}; allowed are 0 to ${delayMsMax} ms and the levels ${Object.keys(delayLevels).join(', ')}`,
  )
}

function bodyOf(body: unknown, bytesMax: number): Uint8Array {
  // A copy of bytes: they are stored later, and the caller may use its buffer again.
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : utf8(json(body))
  if (bytes.length <= bytesMax) return bytes
  throw new SemelError(
    'SEMEL_BODY_TOO_LARGE',
    `the body of the message has ${bytes.length} bytes, allowed are ${bytesMax}`,
  )
}

function json(body: unknown): string {
  const encoded = stringified(body)
  if (encoded === undefined) throw invalid(`its body is ${typeof body}, which JSON does not have`)
  // JSON has no NaN and no Infinity and writes null for them: looked for only where a null was written.
  if (encoded.includes('null')) JSON.stringify(body, refuseNotFinite)
  return encoded
}

function stringified(body: unknown): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    // Probably a bigint: rare, so only then each value is looked at.
  }
  try {
    return JSON.stringify(body, bigintAsInteger)
  } catch (cause) {
    throw invalid('its body is not JSON', cause)
  }
}

function bigintAsInteger(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value
}

function refuseNotFinite(_name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw invalid(`its body has the number ${value}, which JSON does not have`)
  return typeof value === 'bigint' ? 0 : value
}

/** Part of every Node that runs this package, not yet of the type library. */
function rawJson(number: string): unknown {
  return (JSON as typeof JSON & { rawJSON(text: string): unknown }).rawJSON(number)
}

function invalid(why: string, cause?: unknown): SemelError {
  return new SemelError('SEMEL_MESSAGE_INVALID', `the message cannot be sent: ${why}`, { cause })
}
