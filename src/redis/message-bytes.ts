import { assertThat } from '../errors/semel-error.ts'
import { type Bytes, compose, decompose, textOf, utf8 } from '../inbox/bytes.ts'
import type { InboxRecord, ParkedMessage } from '../inbox/record.ts'
import { buffer } from './client.ts'

/** Everything of a message but its body, whose bytes follow as they are. */
type Head = Omit<ParkedMessage, 'origin' | 'lane' | 'body'>

export function encodeMessage({
  id,
  topic,
  tag,
  key,
  headers,
  sentAtMs,
  body,
}: ParkedMessage): Buffer {
  const head: Head = { id, topic, tag, key, headers, sentAtMs }
  return buffer(compose([utf8(JSON.stringify(head)), body]))
}

export function decodeMessage(
  stored: Bytes,
  { origin, lane }: Pick<InboxRecord, 'origin' | 'lane'>,
): ParkedMessage | undefined {
  if (stored.length === 0 || origin === undefined) return undefined
  const [head, body] = decompose(stored)
  const text = head && textOf(head)
  assertThat(text !== undefined && body !== undefined, 'a message in Redis is whole')
  const { id, topic, tag, key, headers, sentAtMs } = JSON.parse(text) as Head
  return { origin, id, topic, tag, key, headers, sentAtMs, body: new Uint8Array(body), lane }
}
