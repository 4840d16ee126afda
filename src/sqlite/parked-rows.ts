import type { ParkedMessage } from '../inbox/record.ts'
import type { SqliteValue } from './connection.ts'

/** A row of `semel_parked` without its key. */
export interface ParkedRow {
  readonly id: string
  readonly topic: string
  readonly tag: string | null
  readonly message_key: string | null
  readonly headers: string
  readonly sent_ms: number | null
  readonly body: Uint8Array
}

export function parkedMessageOf(
  row: ParkedRow,
  { origin, lane }: Pick<ParkedMessage, 'origin' | 'lane'>,
): ParkedMessage {
  return {
    origin,
    id: row.id,
    topic: row.topic,
    tag: row.tag ?? undefined,
    key: row.message_key ?? undefined,
    headers: JSON.parse(row.headers),
    sentAtMs: row.sent_ms ?? undefined,
    lane,
    body: row.body,
  }
}

/** In the order of the columns of `parking.park`, after the key. */
export function messageValues(message: ParkedMessage, nowMs: number): readonly SqliteValue[] {
  return [
    message.id,
    message.topic,
    message.tag ?? null,
    message.key ?? null,
    JSON.stringify(message.headers),
    message.sentAtMs === undefined ? null : Math.round(message.sentAtMs),
    Math.ceil(nowMs),
    message.body,
  ]
}
