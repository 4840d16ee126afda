import { type Dialogue, framer, type Said } from './dialogue.ts'
import { mysqlAnswer } from './mysql-answer.ts'

const commands: Readonly<Record<number, string>> = {
  0x01: 'COM_QUIT',
  0x03: 'COM_QUERY',
  0x0e: 'COM_PING',
  0x16: 'COM_STMT_PREPARE',
  0x17: 'COM_STMT_EXECUTE',
  0x18: 'COM_STMT_SEND_LONG_DATA',
  0x19: 'COM_STMT_CLOSE',
  0x1f: 'COM_RESET_CONNECTION',
}
const queryAttributes = 1 << 27

/** A command and its answer are a round; the client waits for it, as mysql2 does. Neither encrypted nor compressed. */
export function mysqlDialogue(): Dialogue {
  const statements = new Map<number, string>()
  const clientFrames = framer(packetLength)
  const serverFrames = framer(packetLength)
  const answer = mysqlAnswer()
  let round = 0
  let flags = 0
  let preparing: string | undefined

  function text(kind: string, bytes: Buffer): string {
    if (kind === 'COM_STMT_EXECUTE') return statements.get(bytes.readUInt32LE(5)) ?? ''
    if (kind !== 'COM_QUERY' && kind !== 'COM_STMT_PREPARE') return ''
    // Attributes come first: none of them, in one set.
    const from = kind === 'COM_QUERY' && flags & queryAttributes ? 7 : 5
    return bytes.toString('utf8', from)
  }
  /** Packets of a command count from 0; all others belong to what goes on already. */
  function said(bytes: Buffer): Said {
    if (bytes[3] !== 0) {
      if (round === 0 && bytes[3] === 1) flags &= bytes.readUInt32LE(4)
      return { bytes, kind: 'more', text: '', runs: false, round }
    }
    const kind = commands[bytes[4] ?? 0] ?? 'COM_OTHER'
    const statement = text(kind, bytes)
    preparing = kind === 'COM_STMT_PREPARE' ? statement : undefined
    answer.begin(flags)
    const runs = kind === 'COM_QUERY' || kind === 'COM_STMT_EXECUTE'
    return { bytes, kind, text: statement, runs, round: ++round }
  }
  function notice(bytes: Buffer): boolean {
    if (round === 0) {
      if (bytes[3] === 0) flags = capabilities(bytes)
      return false
    }
    if (preparing !== undefined && bytes[4] === 0) {
      statements.set(bytes.readUInt32LE(5), preparing)
      preparing = undefined
    }
    return answer.ends(bytes.subarray(4))
  }
  return {
    fromClient: (chunk) => Array.from(clientFrames(chunk), said),
    fromServer: (chunk) =>
      Array.from(serverFrames(chunk), (bytes) => ({ bytes, round, ends: notice(bytes) })),
  }
}

function packetLength(bytes: Buffer): number | undefined {
  return bytes.length < 4 ? undefined : 4 + bytes.readUIntLE(0, 3)
}

/** What the server can do, in two halves of its greeting. */
function capabilities(greeting: Buffer): number {
  const version = greeting.indexOf(0, 5)
  const low = version + 1 + 4 + 8 + 1
  return greeting.readUInt16LE(low) | (greeting.readUInt16LE(low + 5) << 16)
}
