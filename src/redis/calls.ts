import { createHash } from 'node:crypto'
import type { SemelCode } from '../errors/catalog.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Send, Word } from './client.ts'
import { errorWord, storeError } from './redis-errors.ts'

export interface Script {
  readonly text: string
  /** By which the server knows it, once it has seen it. */
  readonly sha: string
}

/** What the parts of a store, and a lock, share: commands that always end, with errors that are ours. */
export interface Calls {
  command(
    unanswered: SemelCode,
    key: Word | undefined,
    ...words: readonly [string, ...Word[]]
  ): Promise<unknown>
  /** The script's text goes over the line only to a server that does not know it. */
  script(
    unanswered: SemelCode,
    script: Script,
    keys: readonly [Word, ...Word[]],
    ...words: readonly Word[]
  ): Promise<unknown>
}

export function script(...parts: readonly string[]): Script {
  const text = parts.join('\n')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** `commandMsMax`: clients wait, or send again, as long as they like; whoever asked them here does not. */
export function calls(send: Send, commandMsMax: number): Calls {
  return {
    command: (unanswered, key, command, ...words) =>
      answered(() => send(key, command, ...words), commandMsMax, unanswered),
    script: (unanswered, { text, sha }, keys, ...words) =>
      answered(
        async () => {
          const [key] = keys
          const count = String(keys.length)
          try {
            return await send(key, 'EVALSHA', sha, count, ...keys, ...words)
          } catch (error) {
            if (errorWord(error) !== 'NOSCRIPT') throw error
            return send(key, 'EVAL', text, count, ...keys, ...words)
          }
        },
        commandMsMax,
        unanswered,
      ),
  }
}

async function answered<T>(
  ask: () => Promise<T>,
  limitMs: number,
  unanswered: SemelCode,
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new SemelError(unanswered, `redis: no answer within ${limitMs} ms`)),
    limitMs,
  )
  try {
    return await Promise.race([ask(), late.promise])
  } catch (error) {
    throw storeError(error, unanswered)
  } finally {
    clearTimeout(timer)
  }
}
