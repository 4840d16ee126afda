import type { SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'

/** The word with which Redis begins an error. What stands here was refused: nothing was written. */
const codes: Readonly<Record<string, SemelCode>> = {
  ASK: 'SEMEL_STORE_UNAVAILABLE',
  BUSY: 'SEMEL_STORE_UNAVAILABLE',
  CLUSTERDOWN: 'SEMEL_STORE_UNAVAILABLE',
  LOADING: 'SEMEL_STORE_UNAVAILABLE',
  MASTERDOWN: 'SEMEL_STORE_UNAVAILABLE',
  MISCONF: 'SEMEL_STORE_UNAVAILABLE',
  MOVED: 'SEMEL_STORE_UNAVAILABLE',
  NOREPLICAS: 'SEMEL_STORE_UNAVAILABLE',
  READONLY: 'SEMEL_STORE_UNAVAILABLE',
  TRYAGAIN: 'SEMEL_STORE_UNAVAILABLE',
  OOM: 'SEMEL_STORE_FULL',
  WRONGTYPE: 'SEMEL_STORE_CORRUPT',
  NOAUTH: 'SEMEL_REDIS_REFUSED',
  NOPERM: 'SEMEL_REDIS_REFUSED',
  WRONGPASS: 'SEMEL_REDIS_REFUSED',
}

/**
 * An error of a command of ours, translated by the word that Redis begins it with. `unanswered` is the code of
 * what got no answer: of a write nobody knows whether it happened.
 */
export function storeError(error: unknown, unanswered: SemelCode): SemelError {
  if (isSemelError(error)) return error
  const word = errorWord(error)
  const code = word === undefined ? unanswered : (codes[word] ?? 'SEMEL_INVARIANT_BROKEN')
  return new SemelError(code, `redis: ${describeError(error)}`, { cause: error })
}

/** Undefined for what is no answer of the server: the connection, the client, the time. */
export function errorWord(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : ''
  const word = /^[A-Z]{2,}(?= )/.exec(text)?.[0]
  if (word !== 'ERR') return word
  // Before version 7 a script puts words of its own before those of the command that failed in it.
  return Object.keys(codes).find((known) => text.includes(`: ${known} `)) ?? word
}
