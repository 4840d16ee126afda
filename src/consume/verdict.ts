import type { Reason } from '../inbox/record.ts'

/** Where one delivery, or one parked message, stands after a try. */
export type Situation =
  | { readonly kind: 'applied'; readonly attempt: number }
  | { readonly kind: 'passed'; readonly detail: string }
  | { readonly kind: 'duplicate'; readonly state: 'completed' | 'parked' | 'dead' }
  | {
      readonly kind: 'parked'
      readonly reason: Reason
      readonly attempt: number
      readonly retryInMs: number
      readonly error: unknown
    }
  | { readonly kind: 'dead'; readonly reason: Reason; readonly detail: string }
  | { readonly kind: 'mismatched' }
  | { readonly kind: 'held'; readonly leftMs: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'suspect' }
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'aborted'; readonly error: unknown }
  | { readonly kind: 'unknown'; readonly error: unknown }
  | { readonly kind: 'contended'; readonly error: unknown }
  | { readonly kind: 'unavailable'; readonly error: unknown }
  | { readonly kind: 'broken'; readonly error: unknown }

/**
 * `ack`: tell the broker that it is done. `wait`: try again a little later, in the end give it back. `alone`: try
 * again while nothing else runs. `again`: try again at once, with a growing pause. `stop`: stop consuming and
 * leave it unacknowledged. `drop`: nothing to tell anybody.
 */
export type Verdict = 'ack' | 'wait' | 'alone' | 'again' | 'stop' | 'drop'

/** The verdict table of PROTOCOL. Acknowledged is only what is durable. */
export const verdicts: Readonly<
  Record<Situation['kind'], { readonly verdict: Verdict; readonly because: string }>
> = {
  applied: { verdict: 'ack', because: 'the effect is committed with its record' },
  passed: { verdict: 'ack', because: 'its row is so already, and its record says so' },
  duplicate: {
    verdict: 'ack',
    because: 'the record is completed, or dead, or keeps the message itself',
  },
  parked: {
    verdict: 'ack',
    because: 'the message is kept in the store and tried again from there',
  },
  dead: { verdict: 'ack', because: 'the message is kept in the store for a person' },
  mismatched: {
    verdict: 'again',
    because: 'its key names another intent: it is dead under an identity of its own',
  },
  held: { verdict: 'wait', because: 'somebody else performs it, or its retry is not due' },
  fenced: {
    verdict: 'wait',
    because: 'somebody newer has taken it over and settles it; ours is rolled back',
  },
  suspect: {
    verdict: 'alone',
    because: 'it may have ended a process: nobody else may be in flight beside it',
  },
  changed: { verdict: 'again', because: 'the record changed under us: ask again' },
  gone: { verdict: 'drop', because: 'a parked message was taken by somebody else' },
  aborted: { verdict: 'again', because: 'we stopped the handler ourselves; nothing is counted' },
  unknown: { verdict: 'again', because: 'the same insert or claim finds out what became of it' },
  contended: { verdict: 'again', because: 'a lock was not free in time: nobody has failed' },
  unavailable: { verdict: 'again', because: 'the store is away: keep what is held, pull nothing' },
  broken: { verdict: 'stop', because: 'a promise of ours is broken: do no more damage' },
}
