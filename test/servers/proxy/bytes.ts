import type { Dialogue } from './dialogue.ts'

/** A protocol that we do not know: bytes as they come, in no rounds. */
export function bytesDialogue(): Dialogue {
  return {
    fromClient: (bytes) => [{ bytes, kind: 'bytes', text: '', runs: false, round: 0 }],
    fromServer: (bytes) => [{ bytes, round: 0, ends: false }],
  }
}
