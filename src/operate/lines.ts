import { SemelError } from '../errors/semel-error.ts'
import { concat } from '../inbox/bytes.ts'

/** One line of a stream, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly bytes: Uint8Array
}

const newline = 0x0a

/**
 * Splits a stream of bytes at its newlines, and never keeps more than one line.
 *
 * @throws SEMEL_MESSAGE_INVALID for a line over `bytesMax`.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  bytesMax: number,
): AsyncGenerator<Line> {
  let number = 1
  let kept: Uint8Array[] = []
  let size = 0
  const keep = (piece: Uint8Array): void => {
    size += piece.length
    if (size > bytesMax)
      throw new SemelError(
        'SEMEL_MESSAGE_INVALID',
        `${name}:${number}: the line is longer than ${bytesMax} bytes`,
      )
    kept.push(piece)
  }
  const take = (): Line => {
    const line = { number: number++, bytes: withoutReturn(concat(kept)) }
    kept = []
    size = 0
    return line
  }
  for await (const chunk of chunks) {
    let begin = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      keep(chunk.subarray(begin, end))
      begin = end + 1
      yield take()
    }
    keep(chunk.subarray(begin))
  }
  if (size > 0) yield take()
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
}
