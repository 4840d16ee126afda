import { type Dialogue, framer, type Said } from './dialogue.ts'

const kinds: Readonly<Record<string, string>> = {
  Q: 'Query',
  P: 'Parse',
  B: 'Bind',
  E: 'Execute',
  S: 'Sync',
  D: 'Describe',
  H: 'Flush',
  C: 'Close',
  p: 'Password',
  X: 'Terminate',
}
/** Requests to encrypt, in the place of a protocol version. */
const encryption: readonly number[] = [80877103, 80877104]

/** Version 3. A round is what the server ends with ReadyForQuery: the start-up, a `Query`, all up to a `Sync`. */
export function postgresDialogue(): Dialogue {
  const statements = new Map<string, string>()
  const portals = new Map<string, string>()
  let started = false
  let saidRound = 2
  let answeredRound = 1

  const clientFrames = framer((bytes) => {
    const at = started ? 1 : 0
    return bytes.length < at + 4 ? undefined : at + bytes.readInt32BE(at)
  })
  const serverFrames = framer((bytes) => (bytes.length < 5 ? undefined : 1 + bytes.readInt32BE(1)))

  /** What a message does to the names of statements and portals, and its text. */
  const texts: Readonly<Record<string, (strings: readonly string[]) => string | undefined>> = {
    Query: ([text = '']) => text,
    Parse([name = '', text = '']) {
      statements.set(name, text)
      return text
    },
    Bind([portal = '', name = '']) {
      const text = statements.get(name) ?? ''
      portals.set(portal, text)
      return text
    },
    Execute: ([portal = '']) => portals.get(portal),
  }

  function startUp(bytes: Buffer): Said {
    const asksToEncrypt = encryption.includes(bytes.readInt32BE(4))
    started = !asksToEncrypt
    const said = { bytes, kind: 'Startup', text: '', runs: false, round: 1 }
    return asksToEncrypt ? { ...said, reply: Buffer.from('N') } : said
  }
  function said(bytes: Buffer): Said {
    const letter = String.fromCharCode(bytes[0] ?? 0)
    const kind = kinds[letter] ?? letter
    const text = texts[kind]?.(strings(bytes)) ?? ''
    const round = kind === 'Password' ? 1 : saidRound
    if (kind === 'Query' || kind === 'Sync') saidRound++
    return { bytes, kind, text, runs: kind === 'Query' || kind === 'Execute', round }
  }
  return {
    // The start-up has no letter: each message decides how the next one is read.
    fromClient: (chunk) =>
      Array.from(clientFrames(chunk), (bytes) => (started ? said(bytes) : startUp(bytes))),
    fromServer: (chunk) =>
      Array.from(serverFrames(chunk), (bytes) => {
        const ends = bytes[0] === 0x5a
        return { bytes, round: ends ? answeredRound++ : answeredRound, ends }
      }),
  }
}

/** The first two strings of a message, each ended by a zero. */
function strings(bytes: Buffer): readonly string[] {
  const first = bytes.indexOf(0, 5)
  const second = bytes.indexOf(0, first + 1)
  return [bytes.toString('utf8', 5, first), bytes.toString('utf8', first + 1, second)]
}
