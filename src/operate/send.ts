import type { OutgoingMessage, Publisher } from '../delivery/publisher.ts'
import { encodeOutgoing } from '../delivery/outgoing.ts'
import { SemelError } from '../errors/semel-error.ts'
import { parseJson } from '../inbox/json.ts'
import { suggestion } from '../options/resolve.ts'
import { options } from '../options/table.ts'
import { type Line, linesOf } from './lines.ts'
import { type MessagePath, type Places, valueAt } from './paths.ts'

/** How lines become messages. */
export interface SendSettings {
  readonly topic: string
  /** For error messages. */
  readonly name: string
  /** Of messages that have none of their own. */
  readonly tag?: string
  readonly delay?: OutgoingMessage['delay']
  /** Where in the message the value stands that becomes its key, if the line gives none. */
  readonly key?: MessagePath
  /** Every line is a body, even if it has a member `body`. */
  readonly bare: boolean
  /** Messages that are stored together or not at all. */
  readonly batch: number
}

/** What was sent. */
export interface SendAnswer {
  readonly topic: string
  readonly messages: number
  readonly batches: number
}

const members = ['body', 'key', 'tag', 'id', 'headers', 'orderKey', 'delay'] as const
const lineBytesMax = 2 * options.bodyBytesMax.max

/**
 * Sends JSON lines: `{ body, key?, tag?, id?, headers?, orderKey?, delay? }` each, or a bare body, in batches that are stored
 * together or not at all.
 *
 * @throws SEMEL_MESSAGE_INVALID and SEMEL_BODY_… with `file:line`, and how far it had come.
 */
export async function sendLines(
  publisher: Publisher,
  chunks: AsyncIterable<Uint8Array>,
  settings: SendSettings,
): Promise<SendAnswer> {
  const sent: Progress = { messages: 0, batches: 0, lastLine: 0 }
  try {
    let batch: Numbered[] = []
    for await (const line of linesOf(chunks, settings.name, lineBytesMax)) {
      if (isBlank(line)) continue
      batch.push({ line: line.number, message: messageOf(line, settings) })
      if (batch.length < settings.batch) continue
      await sendBatch(publisher, batch, sent)
      batch = []
    }
    await sendBatch(publisher, batch, sent)
  } catch (error) {
    throw withProgress(error, sent)
  }
  const { messages, batches } = sent
  return { topic: settings.topic, messages, batches }
}

interface Numbered {
  readonly line: number
  readonly message: OutgoingMessage
}

interface Progress {
  messages: number
  batches: number
  lastLine: number
}

async function sendBatch(
  publisher: Publisher,
  batch: readonly Numbered[],
  sent: Progress,
): Promise<void> {
  const last = batch.at(-1)
  if (last === undefined) return
  await publisher.sendBatch(batch.map(({ message }) => message))
  sent.messages += batch.length
  sent.batches++
  sent.lastLine = last.line
}

/** @throws with `file:line` in front */
function messageOf(line: Line, settings: SendSettings): OutgoingMessage {
  try {
    const value: unknown = parseJson(line.bytes, options.jsonDepthMax.default)
    const message = complete(value, line, settings)
    // Checked here, where the line is known; the publisher checks again.
    encodeOutgoing(message, { bodyBytesMax: options.bodyBytesMax.default })
    return message
  } catch (error) {
    if (!(error instanceof SemelError)) throw error
    const text = `${settings.name}:${line.number}: ${error.message}`
    throw new SemelError(error.code, text, { cause: error })
  }
}

function complete(value: unknown, line: Line, settings: SendSettings): OutgoingMessage {
  const { topic, tag, delay } = settings
  const own = settings.bare ? undefined : envelope(value)
  const path = own?.key === undefined ? settings.key : undefined
  const key = path === undefined ? undefined : keyAt(own ?? { body: value }, path)
  return {
    ...given({ tag, delay, key }),
    // A body that stands alone goes out byte by byte as it came.
    ...(own ?? { body: line.bytes }),
    topic,
  }
}

/** An object with a member `body` is a message; everything else is a body. */
function envelope(value: unknown): OutgoingMessage | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'body')) return undefined
  const unknown = Object.keys(value).find((name) => !members.includes(name as 'body'))
  if (unknown === undefined) return value as OutgoingMessage
  throw new SemelError(
    'SEMEL_MESSAGE_INVALID',
    `a line with a body has no "${unknown}"${suggestion(unknown, members)}; with --bare the whole line is the body`,
  )
}

function keyAt(message: OutgoingMessage, path: MessagePath): string {
  const value = valueAt(message as Places, path)
  if (typeof value === 'string' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  throw new SemelError(
    'SEMEL_MESSAGE_INVALID',
    `there is no text and no integer at ${path}, where --key looks for the message key`,
  )
}

function given(settings: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

function isBlank({ bytes }: Line): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09)
}

/** Whoever mends the file must know where to go on. */
function withProgress(error: unknown, { messages, lastLine }: Progress): unknown {
  if (!(error instanceof SemelError)) return error
  const done =
    messages === 0
      ? 'nothing was sent'
      : `${messages} messages were sent, up to line ${lastLine}; go on with line ${lastLine + 1}`
  return new SemelError(error.code, `${error.message}; ${done}`, { cause: error })
}
