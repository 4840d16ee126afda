import type { Message } from '../delivery/message.ts'
import type { JsonValue } from '../inbox/json.ts'
import type { Key } from '../inbox/key.ts'

/** Where in a message a value stands: `id`, `key`, `headers.NAME`, or `body.NAME.NAME`. */
export type MessagePath = string

const form = /^(id|key|headers\.[\s\S]+|body(\.[^.]+)+)$/

/** Whether a text is a path into a message. */
export function isMessagePath(text: string): boolean {
  return form.test(text)
}

/** What a path can lead into. */
export type Places = Partial<Pick<Message<unknown>, 'id' | 'key' | 'headers' | 'body'>>

/** The value under a path; undefined where there is none. */
export function valueAt(message: Places, path: MessagePath): unknown {
  if (path === 'id' || path === 'key') return message[path]
  // A header's name may have dots of its own.
  if (path.startsWith('headers.')) return member(message.headers, path.slice('headers.'.length))
  return path.split('.').slice(1).reduce(member, message.body)
}

/** The key function of one path, or of a tuple of several. What it finds is checked with every key. */
export function keyFrom(
  paths: MessagePath | readonly MessagePath[],
): (message: Message) => Key | undefined {
  return (message) =>
    (typeof paths === 'string'
      ? valueAt(message, paths)
      : paths.map((path) => valueAt(message, path))) as Key | undefined
}

/** The fingerprint of the values under some paths; a value that is not there counts as null. */
export function fingerprintFrom(paths: readonly MessagePath[]): (message: Message) => JsonValue {
  return (message) => paths.map((path) => (valueAt(message, path) ?? null) as JsonValue)
}

/** Only what the producer wrote, never what every object has. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
