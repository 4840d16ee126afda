import { assertThat } from '../errors/semel-error.ts'
import { auditedWhy } from '../inbox/act.ts'
import { utf8 } from '../inbox/bytes.ts'
import type { Ask, Decision } from '../inbox/decide.ts'
import type { Act } from '../inbox/inspector.ts'
import { type InboxRecord, isParked, type ParkedMessage } from '../inbox/record.ts'
import { stepsThatGo } from '../inbox/steps.ts'
import { buffer, type Word } from './client.ts'
import { encodeMessage } from './message-bytes.ts'
import type { Place } from './names.ts'
import { distance, type Known, stateNumber } from './record-bytes.ts'

/** A change that was decided on, and all that was known when it was. */
export interface Change {
  readonly place: Place
  readonly ask: Ask
  readonly before: Known | undefined
  readonly decision: Decision
  readonly nowMs: number
  /** By a person: what is written down, and what was looked up for it. */
  readonly act: ActOn | undefined
}

export interface ActOn {
  readonly act: Act
  readonly message: ParkedMessage | undefined
  readonly openSteps: readonly Buffer[]
}

/** A command that goes with a record. The score of a ZADD is set to the time, and the time put before an RPUSH. */
export type Command = readonly [name: string, key: Word, ...words: readonly Word[]]

/** Everything that goes with the record when it changes, in its commit. */
export function commandsOf(change: Change): readonly Command[] {
  return [...indexed(change), ...kept(change), ...steps(change), ...audited(change)]
}

/** Of the message that is kept after the change. */
export function bodyBytesAfter({
  before,
  decision,
  ask,
  act,
}: Omit<Change, 'place' | 'nowMs'>): number {
  if (decision.next?.origin === undefined) return 0
  const mended = ask.on === 'redrive' ? act?.act.body : undefined
  return (
    mended?.length ?? (before?.record.origin ? before.bodyBytes : (givenBy(ask)?.body.length ?? 0))
  )
}

/**
 * Records by state and time of change. Those that are completed stand apart by how long they are kept: then the
 * oldest of each are the first to be forgotten.
 */
export function indexName(record: InboxRecord): string {
  const { state, untilMs = 0, changedMs } = record
  return state === 'completed' ? `x:completed:${distance(untilMs, changedMs)}` : `x:${state}`
}

function indexed({ place, before, decision, ask }: Change): readonly Command[] {
  const { next } = decision
  const from = before && indexName(before.record)
  const to = next && indexName(next)
  const counts = before?.record.state === next?.state ? [] : counted(place, before?.record, next)
  const moves: Command[] = []
  if (from !== undefined && from !== to) moves.push(['ZREM', from, place.id])
  if (to !== undefined && ask.on !== 'renew') moves.push(['ZADD', to, 'now', place.id])
  if (next?.state === 'completed')
    moves.push(['SADD', 'k', String(distance(next.untilMs ?? 0, next.changedMs))])
  return [...moves, ...counts]
}

function counted(
  { scope }: Place,
  before: InboxRecord | undefined,
  next: InboxRecord | undefined,
): readonly Command[] {
  const one = (record: InboxRecord | undefined, by: string): readonly Command[] =>
    record === undefined
      ? []
      : [['HINCRBY', 'c', Buffer.concat([utf8(String(stateNumber(record.state))), scope]), by]]
  return [...one(before, '-1'), ...one(next, '1')]
}

/** P4: the message goes when its record completes or goes; the first one given stays, until a person mends it. */
function kept(change: Change): readonly Command[] {
  const { place, before, decision, ask, act } = change
  const was = before?.record.origin !== undefined
  const is = decision.next?.origin !== undefined
  const commands: Command[] = [...usage(change)]
  const message = is && !was ? givenBy(ask) : mendedBy(act)
  if (is && message !== undefined)
    commands.push(['SET', named('m:', place), encodeMessage(message)])
  if (is && (!was || ask.on === 'redrive')) commands.push(['ZADD', 'w', 'now', place.id])
  if (was && !is) commands.push(['DEL', named('m:', place)], ['ZREM', 'w', place.id])
  return commands
}

function mendedBy(on: ActOn | undefined): ParkedMessage | undefined {
  if (on?.message === undefined || on.act.body === undefined) return undefined
  return { ...on.message, body: on.act.body }
}

function givenBy(ask: Ask): ParkedMessage | undefined {
  return 'outcome' in ask && 'message' in ask.outcome ? ask.outcome.message : undefined
}

/** P26, in fields of one hash. */
function usage(change: Change): readonly Command[] {
  const { before, decision } = change
  const was = usageOf(before?.record, before?.bodyBytes ?? 0)
  const is = usageOf(decision.next, bodyBytesAfter(change))
  return (['messages', 'bytes', 'dead'] as const)
    .filter((field) => was[field] !== is[field])
    .map((field) => ['HINCRBY', 'u', field, String(is[field] - was[field])])
}

function usageOf(
  record: InboxRecord | undefined,
  bodyBytes: number,
): Readonly<Record<'messages' | 'bytes' | 'dead', number>> {
  const parked = record !== undefined && isParked(record)
  const dead = record?.origin !== undefined && record.state === 'dead'
  return { messages: Number(parked), bytes: parked ? bodyBytes : 0, dead: Number(dead) }
}

function steps({ place, decision, ask, act }: Change): readonly Command[] {
  const gone = stepsThatGo(decision, ask)
  if (gone === 'all') return [['DEL', named('s:', place)]]
  const open = gone === 'open' ? (act?.openSteps ?? []) : []
  return open.length === 0 ? [] : [['HDEL', named('s:', place), ...open]]
}

function audited({ place, act }: Change): readonly Command[] {
  if (act === undefined) return []
  const { who, kind } = act.act
  const entry = { who, act: kind, why: auditedWhy(act.act) }
  return [['RPUSH', named('a:', place), buffer(utf8(JSON.stringify(entry)))]]
}

/** A name of one record, within its group. */
export function named(what: string, { id }: Pick<Place, 'id'>): Buffer {
  assertThat(what.endsWith(':'), 'names say where they end')
  return Buffer.concat([utf8(what), id])
}
