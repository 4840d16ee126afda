import { script } from './calls.ts'
import type { Word } from './client.ts'
import { common, look } from './scripts.gen.ts'
import type { StoreParts } from './store-parts.ts'

const lookScript = script(common, look)

/** What one reading command answers, flat and in bytes with every client; and the store's time when it did. */
export interface Looked {
  readonly nowMs: number
  readonly words: readonly Buffer[]
}

export async function lookAt(
  { calls, clockMs }: StoreParts,
  key: Word,
  ...command: readonly [name: string, ...words: Word[]]
): Promise<Looked> {
  const words = [clockMs(), ...command]
  const answer = await calls.script('SEMEL_STORE_UNAVAILABLE', lookScript, [key], ...words)
  const [nowMs, found] = answer as readonly [number, readonly Buffer[] | null]
  return { nowMs, words: found ?? [] }
}

/** Of an answer that has two words for each. */
export function pairs(words: readonly Buffer[]): readonly (readonly [Buffer, Buffer])[] {
  const found: (readonly [Buffer, Buffer])[] = []
  for (let at = 0; at + 1 < words.length; at += 2)
    found.push([words[at] as Buffer, words[at + 1] as Buffer])
  return found
}

/** Every group that has ever had a record. */
export async function groupsOf(parts: StoreParts): Promise<readonly string[]> {
  const { words } = await lookAt(parts, `${parts.prefix}groups`, 'SMEMBERS')
  return words.map(String).sort()
}
