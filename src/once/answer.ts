import { SemelError, unreachable } from '../errors/semel-error.ts'
import type { Claim } from '../inbox/claim.ts'
import type { Identity } from '../inbox/identity.ts'
import { readableKey } from '../inbox/key.ts'

/** What door 1 knows at the end; results are still text. */
export type Answer =
  | { readonly kind: 'completed'; readonly result: string | undefined; readonly replayed: boolean }
  | { readonly kind: 'held'; readonly retryAfterMs: number }
  | { readonly kind: 'mismatched' }
  | { readonly kind: 'dead'; readonly reason: string }

/** A refused claim in the words of door 1. A parked record is a consumer's: held (P29). */
export function refusedAnswer(claim: Exclude<Claim, { kind: 'granted' | 'exhausted' }>): Answer {
  switch (claim.kind) {
    case 'completed':
      return { kind: 'completed', result: claim.result, replayed: true }
    case 'held':
      return { kind: 'held', retryAfterMs: claim.leftMs }
    case 'mismatched':
      return { kind: 'mismatched' }
    case 'dead':
      return { kind: 'dead', reason: `${claim.reason}: ${claim.detail}` }
    case 'parked':
    case 'behind':
    case 'suspect':
    case 'gone':
      return { kind: 'held', retryAfterMs: 0 }
    default:
      return unreachable(claim)
  }
}

/** What `run()` throws instead of an answer. */
export function thrown(
  answer: Exclude<Answer, { kind: 'completed' }>,
  identity: Identity,
): SemelError {
  const key = `key ${readableKey(identity.key, identity.readable)}`
  switch (answer.kind) {
    case 'held': {
      const { retryAfterMs } = answer
      return new SemelError('SEMEL_HELD', `${key} is held by somebody else`, { retryAfterMs })
    }
    case 'mismatched':
      return new SemelError('SEMEL_MISMATCHED', `${key} is known with another fingerprint`)
    case 'dead':
      return new SemelError('SEMEL_DEAD', `${key} was given up: ${answer.reason}`)
    default:
      return unreachable(answer)
  }
}
