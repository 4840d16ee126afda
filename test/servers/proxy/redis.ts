import { type Dialogue, framer } from './dialogue.ts'

/** RESP 2 and 3. The n-th command and the n-th reply are a round; what the server pushes by itself belongs to none. */
export function redisDialogue(): Dialogue {
  let commands = 0
  let replies = 0
  const clientFrames = framer((bytes) => valueEnd(bytes, 0))
  const serverFrames = framer((bytes) => valueEnd(bytes, 0))
  return {
    fromClient: (chunk) =>
      Array.from(clientFrames(chunk), (bytes) => ({
        bytes,
        kind: 'command',
        text: words(bytes).join(' '),
        runs: true,
        round: ++commands,
      })),
    fromServer: (chunk) =>
      Array.from(serverFrames(chunk), (bytes) => {
        const pushed = bytes[0] === code('>')
        return { bytes, round: pushed ? replies : ++replies, ends: !pushed }
      }),
  }
}

/** Values inside of one value, by its first byte. */
const inside: ReadonlyMap<number, number> = new Map([
  [code('*'), 1],
  [code('~'), 1],
  [code('>'), 1],
  [code('%'), 2],
  [code('|'), 2],
])
const blobs: ReadonlySet<number> = new Set([code('$'), code('!'), code('=')])

/** Where the value that begins at `at` ends; undefined: not all of it is there yet. */
function valueEnd(bytes: Buffer, at: number): number | undefined {
  const line = bytes.indexOf('\r\n', at)
  if (line < 0) return undefined
  const type = bytes[at] ?? 0
  const size = Number(bytes.toString('latin1', at + 1, line))
  if (blobs.has(type)) return size < 0 ? line + 2 : line + 2 + size + 2
  let end: number | undefined = line + 2
  // An attribute stands before the value that it is of.
  const values = Math.max(0, size) * (inside.get(type) ?? 0) + (type === code('|') ? 1 : 0)
  for (let left = values; left > 0 && end !== undefined; left--)
    end = end < bytes.length ? valueEnd(bytes, end) : undefined
  return end
}

function words(command: Buffer): readonly string[] {
  const found: string[] = []
  let at = command.indexOf('\r\n') + 2
  while (at < command.length) {
    const line = command.indexOf('\r\n', at)
    const size = Number(command.toString('latin1', at + 1, line))
    found.push(command.toString('utf8', line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return found
}

function code(letter: string): number {
  return letter.charCodeAt(0)
}
