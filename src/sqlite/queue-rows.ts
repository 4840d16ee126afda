import type { Message } from '../delivery/message.ts'
import type { EncodedMessage } from '../delivery/outgoing.ts'
import type { SqliteValue } from './connection.ts'

/** A row of `semel_queue_message`. */
export interface QueueRow {
  readonly seq: number
  readonly topic: string
  readonly id: string
  readonly tag: string | null
  readonly message_key: string | null
  readonly headers: string | null
  readonly order_key?: string | null
  readonly sent_ms: number
  readonly due_ms: number
  readonly body: Uint8Array
}

export function messageOf(row: QueueRow): Message<Uint8Array> {
  return {
    id: row.id,
    topic: row.topic,
    tag: row.tag ?? undefined,
    key: row.message_key ?? undefined,
    headers: row.headers === null ? {} : JSON.parse(row.headers),
    sentAtMs: row.sent_ms,
    body: row.body,
  }
}

/** In the order of the columns of `queue.append`. */
export function appendValues(message: EncodedMessage, nowMs: number): readonly SqliteValue[] {
  const { headers } = message
  return [
    message.topic,
    message.id,
    message.tag ?? null,
    message.key ?? null,
    Object.keys(headers).length === 0 ? null : JSON.stringify(headers),
    message.orderKey ?? null,
    Math.ceil(nowMs),
    Math.ceil(nowMs + message.delayMs),
    message.body,
  ]
}
