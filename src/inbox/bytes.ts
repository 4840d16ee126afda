import { createHash, hash } from 'node:crypto'

/** Keys, scopes and fingerprints are bytes everywhere: no collation, no encoding can merge two of them. */
export type Bytes = Uint8Array

const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** The text of well-formed UTF-8, else undefined. */
export function textOf(bytes: Bytes): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** Length-prefixed, so that ('a:b', 'c') and ('a', 'b:c') can never be one. */
export function compose(parts: readonly Bytes[]): Bytes {
  return concat(parts.flatMap((part) => [varint(part.length), part]))
}

/** The parts of what {@link compose} made. */
export function decompose(bytes: Bytes): readonly Bytes[] {
  const parts: Bytes[] = []
  let at = 0
  while (at < bytes.length) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}

export function concat(parts: readonly Bytes[]): Bytes {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function sha256(...parts: readonly Bytes[]): Bytes {
  const [only] = parts
  // In one call it costs half as much.
  if (parts.length === 1 && only !== undefined) return hash('sha256', only, 'buffer')
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  return Buffer.compare(a, b) === 0
}

export function hex(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** One character for each byte: a name in maps, never shown to anybody. */
export function latin1(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function fromHex(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function varint(value: number): Bytes {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}
