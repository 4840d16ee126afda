import { unreachable } from '../errors/semel-error.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, Reason, State } from '../inbox/record.ts'
import type { SqliteValue } from './connection.ts'

/** A row of `semel_inbox` without its key. */
export interface RecordRow {
  readonly readable: string | null
  readonly state: number
  readonly token: number
  readonly claim_id: Uint8Array | null
  readonly attempts: number
  readonly alone: number
  readonly until_ms: number | null
  readonly fingerprint: Uint8Array
  readonly result: string | null
  readonly reason: string | null
  readonly detail: string | null
  readonly origin: Uint8Array | null
  readonly lane: Uint8Array | null
  readonly place: number | null
  readonly changed_ms: number
}

/** As the migration has them. */
const states: readonly State[] = ['leased', 'completed', 'failed', 'dead']

export function stateNumber(state: State): number {
  return states.indexOf(state) + 1
}

export function stateOf(number: number): State {
  return states[number - 1] ?? unreachable(number as never)
}

export function recordOf(row: RecordRow, { scope, key }: Identity): InboxRecord {
  return {
    scope,
    key,
    readable: row.readable ?? undefined,
    state: stateOf(row.state),
    token: row.token,
    claimId: row.claim_id ?? undefined,
    attempts: row.attempts,
    alone: row.alone === 1,
    untilMs: row.until_ms ?? undefined,
    fingerprint: row.fingerprint,
    result: row.result ?? undefined,
    reason: (row.reason ?? undefined) as Reason | undefined,
    detail: row.detail ?? undefined,
    origin: row.origin ?? undefined,
    lane: row.lane ?? undefined,
    place: row.place ?? undefined,
    changedMs: row.changed_ms,
  }
}

/** In the order of the columns of `inbox.insert` and `inbox.put`. */
export function rowValues(record: InboxRecord): readonly SqliteValue[] {
  return [
    record.scope,
    record.key,
    record.readable ?? null,
    stateNumber(record.state),
    record.token,
    record.claimId ?? null,
    record.attempts,
    record.alone ? 1 : 0,
    wholeMs(record.untilMs),
    record.fingerprint,
    record.result ?? null,
    record.reason ?? null,
    record.detail ?? null,
    record.origin ?? null,
    record.lane ?? null,
    record.place ?? null,
    wholeMs(record.changedMs),
  ]
}

/** Of records that differ in key and fingerprint alone: in the order of `inbox.insertMany`. */
export function sharedValues(record: InboxRecord): readonly SqliteValue[] {
  return [
    record.scope,
    stateNumber(record.state),
    record.token,
    record.attempts,
    record.alone ? 1 : 0,
    wholeMs(record.untilMs),
    wholeMs(record.changedMs),
  ]
}

/** Delays may have fractions, columns of times have none; nothing ends too early. */
function wholeMs(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.ceil(ms)
}
