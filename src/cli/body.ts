import { textOf } from '../inbox/bytes.ts'
import { printable } from './text.ts'

/** A body for people: text as it is, bytes in hexadecimal, cut, with its size. */
export function bodyText(body: Uint8Array, charactersMax: number): string {
  const text = textOf(body)
  const shown = text ?? Buffer.from(body).toString('hex')
  const kind = text === undefined ? 'bytes, no text' : 'bytes'
  const cut = shown.length > charactersMax ? '…' : ''
  return `${body.length} ${kind}: ${printable(shown.slice(0, charactersMax))}${cut}`
}

/** A body for programs: whole, as text, or in base64 where it is none. */
export function bodyJson(body: Uint8Array): unknown {
  const text = textOf(body)
  const bytes = body.length
  return text === undefined
    ? { bytes, base64: Buffer.from(body).toString('base64') }
    : { bytes, text }
}
