import type { Bytes } from '../inbox/bytes.ts'
import { type Ask, type Decision, decide } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { ParkedMessage } from '../inbox/record.ts'
import type { ActOn } from './changes.ts'
import { decodeMessage } from './message-bytes.ts'
import type { Place } from './names.ts'
import { decodeRecord, type Known } from './record-bytes.ts'

/** What is asked of one record. */
export interface Asking {
  readonly identity: Identity
  /** `behind`: whether it stands behind another one in its lane. */
  ask(behind: boolean): Ask
  /** What the record is thought to be, before anybody has looked. Undefined: look first. */
  readonly guess: Known | 'absent' | undefined
  /** Of a claim that must not stand behind anybody in its lane. */
  readonly claim?: { readonly claimId: Bytes; readonly lane: Bytes | undefined } | undefined
  /** Whether a message that is kept is wanted. */
  readonly message?: boolean
  /** By a person: what goes with it. Its `message` is the one that is found. */
  readonly act?: Omit<ActOn, 'message'>
}

/** What somebody who looked has seen, in one step; or what we only think. */
export interface Seen {
  readonly known: Known | undefined
  readonly nowMs: number
  readonly behind: boolean
  readonly message: ParkedMessage | undefined
  /** `guessed`: nobody has looked. `refused`: a change was tried, and this was in its way. */
  readonly by: 'guessed' | 'looked' | 'refused'
}

/** What an asking came to. */
export interface Answered {
  readonly seen: Seen
  readonly decision: Decision
  /** By the store's clock. */
  readonly nowMs: number
  /** As the record stands after the change; undefined where nothing was changed, or nothing is left. */
  readonly after: Known | undefined
}

/** One asking on its way. */
export interface Turn {
  readonly asking: Asking
  readonly place: Place
  seen: Seen | undefined
  answered: Answered | undefined
}

export function guessed({ guess }: Asking): Seen | undefined {
  if (guess === undefined) return undefined
  const known = guess === 'absent' ? undefined : guess
  return { known, nowMs: 0, behind: false, message: undefined, by: 'guessed' }
}

/** Out of a script's answer that nothing was changed. */
export function seenIn(
  [, nowMs, stored, behind, message]: ScriptAnswer,
  identity: Identity,
  by: Seen['by'],
): Seen {
  const known = stored.length === 0 ? undefined : decodeRecord(stored, identity)
  const kept = known && decodeMessage(message, known.record)
  return { known, nowMs, behind: behind === 1, message: kept, by }
}

export type ScriptAnswer = readonly [
  done: 0 | 1,
  nowMs: number,
  record: Buffer,
  behind: number,
  message: Buffer,
]

/**
 * What is decided on what was seen. Who stands behind others that go in the same call may yet be first when its turn
 * comes: it tries, and is refused.
 */
export function decideOn({ identity, ask }: Asking, seen: Seen): Decision {
  const free = decide(seen.known?.record, identity, ask(false), seen.nowMs)
  if (!seen.behind || (free.changed && seen.by !== 'refused')) return free
  return decide(seen.known?.record, identity, ask(true), seen.nowMs)
}
