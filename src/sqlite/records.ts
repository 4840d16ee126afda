import type { NewRecord } from '../inbox/claim.ts'
import { type Ask, type Decision, decide } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, ParkedMessage, RecordView } from '../inbox/record.ts'
import type { Connection, SqliteValue } from './connection.ts'
import { messageValues, type ParkedRow, parkedMessageOf } from './parked-rows.ts'
import { type RecordRow, recordOf, rowValues } from './record-rows.ts'
import { inbox, parking } from './statements.gen.ts'

/** Reads, decides by the table of transitions, writes: one step, inside a transaction. */
export function applyTo(
  connection: Connection,
  identity: Identity,
  ask: Ask,
  nowMs: number,
): Decision {
  const record = recordAt(connection, identity)
  const decision = decide(record, identity, ask, nowMs)
  if (!decision.changed) return decision
  if (decision.next === undefined) connection.run(inbox.remove, ...place(identity))
  else connection.run(inbox.put, ...rowValues(decision.next))
  keepMessage(connection, identity, record, decision, ask, nowMs)
  return decision
}

/**
 * Sorted as bytes are, as every store does it; answers in the order given. What a key that is known becomes, the
 * table says in one row (nothing), so that the insert itself can look.
 */
export function insertAll(
  connection: Connection,
  records: readonly NewRecord[],
  nowMs: number,
): readonly boolean[] {
  if (records.length === 1) return records.map((record) => insertOne(connection, record, nowMs))
  const fresh = new Map<NewRecord, boolean>()
  for (const record of records.toSorted(byKey))
    fresh.set(record, insertOne(connection, record, nowMs))
  return records.map((record) => fresh.get(record) === true)
}

export function recordAt(connection: Connection, identity: Identity): InboxRecord | undefined {
  const row = connection.get<RecordRow>(inbox.read, ...place(identity))
  return row && recordOf(row, identity)
}

export function viewAt(
  connection: Connection,
  identity: Identity,
  nowMs: number,
): RecordView | undefined {
  const record = recordAt(connection, identity)
  return record && viewOf(record, nowMs)
}

export function viewOf(record: InboxRecord, nowMs: number): RecordView {
  return { ...record, leftMs: (record.untilMs ?? nowMs) - nowMs }
}

export function messageAt(
  connection: Connection,
  record: Pick<InboxRecord, 'scope' | 'key' | 'origin'>,
): ParkedMessage | undefined {
  if (record.origin === undefined) return undefined
  const row = connection.get<ParkedRow>(parking.message, ...place(record))
  return row && parkedMessageOf(row, record.origin)
}

export function place({ scope, key }: Identity): readonly [SqliteValue, SqliteValue] {
  return [scope, key]
}

function insertOne(connection: Connection, record: NewRecord, nowMs: number): boolean {
  const { fingerprint, outcome } = record
  const ask = { on: 'insert', fingerprint, outcome } as const
  const decision = decide(undefined, record, ask, nowMs)
  if (decision.next === undefined) return false
  if (connection.run(inbox.insert, ...rowValues(decision.next)) === 0) return false
  keepMessage(connection, record, undefined, decision, ask, nowMs)
  return true
}

/** P4: the message goes when its record completes or goes; the first one given stays. */
function keepMessage(
  connection: Connection,
  identity: Identity,
  before: InboxRecord | undefined,
  { next }: Decision,
  ask: Ask,
  nowMs: number,
): void {
  const given = 'outcome' in ask && 'message' in ask.outcome ? ask.outcome.message : undefined
  if (next?.origin !== undefined && given !== undefined)
    connection.run(parking.park, ...place(identity), ...messageValues(given, nowMs))
  if (next?.origin === undefined && before?.origin !== undefined)
    connection.run(parking.drop, ...place(identity))
}

function byKey(a: NewRecord, b: NewRecord): number {
  return Buffer.compare(a.scope, b.scope) || Buffer.compare(a.key, b.key)
}
