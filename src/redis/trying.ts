import { randomBytes } from 'node:crypto'
import { SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { type Answered, type Asking, decideOn, type Seen, type Turn } from './asking.ts'
import { bodyBytesAfter, commandsOf } from './changes.ts'
import { buffer, type Word } from './client.ts'
import { packed } from './packing.ts'
import { distance, encodeRecord, type Known, versionBytes } from './record-bytes.ts'

/** A try: what goes to the script, and what it comes to if the script does it. */
export interface Try {
  readonly turn: Turn
  readonly seen: Seen | undefined
  readonly after: Known | undefined
  readonly packed: Buffer
  done(nowMs: number): Answered
}

/** Nothing to try where what was seen is the answer. */
export function tryOf(turn: Turn): readonly Try[] {
  const { asking, seen } = turn
  if (seen === undefined) return [looking(turn)]
  const decision = decideOn(asking, seen)
  if (decision.changed) return [changing(turn, seen, decision)]
  if (seen.by === 'guessed') return [looking(turn)]
  turn.answered = { seen, decision, nowMs: seen.nowMs, after: undefined }
  return []
}

function looking(turn: Turn): Try {
  const nothing = { expected: '?', next: '', origin: undefined, lane: undefined }
  const words = wordsOf(turn, { ...nothing, gate: turn.asking.claim })
  const done = (): never => assertNever()
  return { turn, seen: undefined, after: undefined, packed: packed(words, []), done }
}

function assertNever(): never {
  throw new SemelError('SEMEL_INVARIANT_BROKEN', 'who only looks changes nothing')
}

function changing(turn: Turn, seen: Seen, decision: Answered['decision']): Try {
  const { asking, place } = turn
  const { known: before, nowMs, message } = seen
  const ask = asking.ask(false)
  const act = asking.act && { ...asking.act, message }
  const whole = { place, ask, before, decision, nowMs, act }
  const version = newVersion()
  const after = decision.next && {
    record: decision.next,
    version,
    bodyBytes: bodyBytesAfter(whole),
  }
  // Where it is parked, or was until now.
  const parked = decision.next?.origin === undefined ? before?.record : decision.next
  const next = after === undefined ? '' : encodeRecord(after, { nowMs, joins: decision.joins })
  const { origin, lane } = parked ?? {}
  const expected = before?.version ?? ''
  // What was decided of who stands behind others is decided.
  const gate = seen.by === 'refused' && seen.behind ? undefined : asking.claim
  const words = wordsOf(turn, { expected, next, gate, origin, lane })
  const done = (atMs: number): Answered => ({
    seen,
    decision,
    nowMs: atMs,
    after: after && { ...after, record: movedTo(after.record, nowMs, atMs) },
  })
  return { turn, seen, after, packed: packed(words, commandsOf(whole)), done }
}

/** The first words of a change, as the script takes them. */
function wordsOf(
  { asking, place }: Turn,
  change: {
    readonly expected: Word
    readonly next: Word
    readonly gate: Asking['claim']
    readonly origin: Bytes | undefined
    readonly lane: Bytes | undefined
  },
): readonly Word[] {
  const { expected, next, gate, origin, lane } = change
  const wants = asking.message === true ? '1' : ''
  const others = [gate?.claimId, gate?.lane, origin, lane].map((bytes) => bytes && buffer(bytes))
  return [place.id, expected, next, ...others.map((word) => word ?? ''), wants]
}

/** Written by the server's clock, which was not known when it was decided. */
function movedTo(record: Known['record'], nowMs: number, atMs: number): Known['record'] {
  const { untilMs, changedMs } = record
  return {
    ...record,
    untilMs: untilMs === undefined ? undefined : atMs + distance(untilMs, nowMs),
    changedMs: changedMs === nowMs ? atMs : changedMs,
  }
}

let pool = Buffer.alloc(0)

/** Random; many at once, because asking for a few bytes costs as much. */
function newVersion(): Buffer {
  if (pool.length < versionBytes) pool = randomBytes(512 * versionBytes)
  const version = Buffer.from(pool.subarray(0, versionBytes))
  pool = pool.subarray(versionBytes)
  return version
}
