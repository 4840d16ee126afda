import { unreachable } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, ParkedMessage, Reason, State } from '../inbox/record.ts'
import type { SqlRow, SqlValue } from './client.ts'
import type { SqlValues } from './template.ts'

/** As the migrations have them. */
const states: readonly State[] = ['leased', 'completed', 'failed', 'dead']

export function stateNumber(state: State): number {
  return states.indexOf(state) + 1
}

export function stateOf(number: unknown): State {
  return states[Number(number) - 1] ?? unreachable(number as never)
}

/** What is kept beside a record whose message is kept. */
export interface Kept {
  readonly origin: Bytes
  readonly lane: Bytes | undefined
  readonly place: number | undefined
}

export function keptOf(row: SqlRow): Kept {
  return {
    origin: bytesOf(row['origin']),
    lane: row['lane'] === null ? undefined : bytesOf(row['lane']),
    place: numberOf(row['place']),
  }
}

/** A row of `semel_inbox`, with its times as they stand there. */
export function recordOf(row: SqlRow, { scope, key }: Identity, kept?: Kept): InboxRecord {
  return {
    scope,
    key,
    readable: textOf(row['readable']),
    state: stateOf(row['state']),
    token: Number(row['token']),
    claimId: row['claim_id'] === null ? undefined : bytesOf(row['claim_id']),
    attempts: Number(row['attempts']),
    alone: Boolean(row['alone']),
    untilMs: numberOf(row['until_ms']),
    fingerprint: bytesOf(row['fingerprint']),
    result: textOf(row['result']),
    reason: textOf(row['reason']) as Reason | undefined,
    detail: textOf(row['detail']),
    origin: kept?.origin,
    lane: kept?.lane,
    place: kept?.place,
    changedMs: Number(row['changed_ms']),
  }
}

/** Times are written as distances from now: the server adds its clock. */
export function rowValues(record: InboxRecord, scope: number, nowMs: number): SqlValues {
  return {
    scope,
    key: record.key,
    readable: storable(record.readable),
    state: stateNumber(record.state),
    token: record.token,
    claimId: record.claimId ?? null,
    attempts: record.attempts,
    alone: record.alone,
    untilIn: distance(record.untilMs, nowMs),
    fingerprint: record.fingerprint,
    result: record.result ?? null,
    reason: record.reason ?? null,
    detail: storable(record.detail),
    isKept: record.origin !== undefined,
    changedIn: distance(record.changedMs, nowMs),
  }
}

/** Everything of a message that nobody looks for; JSON, so that no text of a producer can be refused. */
export function envelopeOf({ id, topic, tag, key, headers, sentAtMs }: ParkedMessage): string {
  return JSON.stringify({ id, topic, tag, key, headers, sentAtMs })
}

export function messageOf(
  row: SqlRow,
  { origin, lane }: Pick<Kept, 'origin' | 'lane'>,
): ParkedMessage {
  const { id, topic, tag, key, headers, sentAtMs } = JSON.parse(textOf(row['envelope']) ?? '')
  return { origin, lane, id, topic, tag, key, headers, sentAtMs, body: bytesOf(row['body']) }
}

/** Text columns hold no NUL, and only well-formed text. */
export function storable(text: string | undefined): SqlValue {
  return text === undefined ? null : text.replaceAll('\0', '\u2400').toWellFormed()
}

export function bytesOf(value: unknown): Bytes {
  return value instanceof Uint8Array ? value : Buffer.from(textOf(value) ?? '')
}

export function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

/** Drivers give texts as such, or as their bytes; numbers that are too large for them as texts. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined
}

/** Nothing ends too early. */
function distance(ms: number | undefined, nowMs: number): number | null {
  return ms === undefined ? null : Math.ceil(ms - nowMs)
}
