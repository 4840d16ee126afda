import { monotonicFactory } from 'ulid'
import { V7Generator } from 'uuidv7'
import type { IdGenerator } from './id-generator.ts'

/** All that it takes: the generator then never begins anew, however far the clock steps back. */
const anyStepBack = 2 ** 48 - 1

/**
 * UUIDs of version 7 (RFC 9562): milliseconds, a counter, and random bits. Nothing is leased; that two are equal is
 * improbable enough to be ignored. When the clock steps back, the time of the last id is used on.
 *
 * @example const ids = uuidv7Ids(); ids.next() // '0193f1a5-6f3e-7c4b-9d2a-1f0e8b7c6d5a'
 */
export function uuidv7Ids(): IdGenerator<string> {
  const generator = new V7Generator()
  generator.setRollbackAllowance(anyStepBack)
  return { next: () => generator.generate().toString() }
}

/**
 * ULIDs: 26 characters, milliseconds and 80 bits that are random once in a millisecond and then count up. Nothing
 * is leased. When the clock steps back, the time of the last id is used on.
 *
 * @example const ids = ulidIds(); ids.next() // '01JFRTYV8QK3Z5W2N7M4X6B9CD'
 */
export function ulidIds(): IdGenerator<string> {
  const generate = monotonicFactory()
  return { next: () => generate() }
}
