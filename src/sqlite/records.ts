import { assertThat } from '../errors/semel-error.ts'
import { type Bytes, equalBytes, hex } from '../inbox/bytes.ts'
import type { ClaimRequest, ClaimTerms, NewRecord } from '../inbox/claim.ts'
import { type Ask, type Decision, decide } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, ParkedMessage, RecordView } from '../inbox/record.ts'
import { stepsThatGo } from '../inbox/steps.ts'
import type { Connection, SqliteValue } from './connection.ts'
import { messageValues, type ParkedRow, parkedMessageOf } from './parked-rows.ts'
import { pieces, repeated } from './many.ts'
import { type RecordRow, recordOf, rowValues, sharedValues } from './record-rows.ts'
import { inbox, parking, steps } from './statements.gen.ts'

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
  else connection.run(inbox.put, ...rowValues(placed(connection, decision)))
  keepMessage(connection, identity, record, decision, ask, nowMs)
  const gone = stepsThatGo(decision, ask)
  if (gone !== 'none') connection.run(removals[gone], ...place(identity))
  return decision
}

const removals = { open: steps.removeOpen, all: steps.removeAll }

/** One claim, with what only the store can look up. */
export function claimOf(
  connection: Connection,
  request: ClaimRequest,
  terms: ClaimTerms,
  nowMs: number,
): Decision {
  const behind = isBehind(connection, request)
  return applyTo(connection, request, { on: 'claim', request, terms, behind }, nowMs)
}

export function isParkedIn(connection: Connection, lane: Bytes): boolean {
  return connection.get(parking.before, lane, endOfAll, null) !== undefined
}

/** P23: parked messages are known by their own lane, others by the one that they come with. */
function isBehind(connection: Connection, request: ClaimRequest): boolean {
  if (request.by === 'run') return false
  const record = recordAt(connection, request)
  const parked = record?.origin !== undefined
  const lane = parked ? record.lane : request.lane
  if (lane === undefined || (parked && record.place === undefined)) return false
  const before = parked ? (record.place ?? 0) : endOfAll
  return connection.get(parking.before, lane, before, request.claimId) !== undefined
}

const endOfAll = Number.MAX_SAFE_INTEGER

function placed(connection: Connection, { next, joins }: Decision): InboxRecord {
  assertThat(next, 'what has no record has no place')
  if (!joins || next.lane === undefined) return next
  const last = connection.get<{ readonly place: number | null }>(parking.lane, next.lane)
  return { ...next, place: (last?.place ?? 0) + 1 }
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
  const fresh = new Set<NewRecord>()
  const sorted = withoutCopies(records.filter((one) => !hasLane(one)).toSorted(byKey))
  for (let at = 0; at < sorted.length; ) {
    const alike = alikeFrom(sorted, at)
    at += alike.length
    for (const record of insertAlike(connection, alike, nowMs)) fresh.add(record)
  }
  // Places in a lane are given in the order of the records.
  for (const record of records)
    if (hasLane(record) && insertOne(connection, record, nowMs)) fresh.add(record)
  return records.map((record) => fresh.has(record))
}

/** Of a key that stands twice the first one is new. */
function withoutCopies(sorted: readonly NewRecord[]): readonly NewRecord[] {
  return sorted.filter((record, at) => {
    const before = sorted[at - 1]
    return before === undefined || byKey(before, record) !== 0
  })
}

function hasLane({ outcome }: NewRecord): boolean {
  return outcome.state === 'failed' && outcome.message?.lane !== undefined
}

/** How many from here on differ in key and fingerprint alone; then what one becomes, all become. */
function alikeFrom(sorted: readonly NewRecord[], from: number): readonly NewRecord[] {
  const first = sorted[from]
  let to = from + 1
  for (let next = sorted[to]; first !== undefined && next !== undefined; next = sorted[++to])
    if (next.outcome !== first.outcome || next.readable || !sameBytes(next.scope, first.scope))
      break
  return sorted.slice(from, first?.readable === undefined ? to : from + 1)
}

function insertAlike(
  connection: Connection,
  records: readonly NewRecord[],
  nowMs: number,
): readonly NewRecord[] {
  const [first] = records
  if (first === undefined || first.outcome.state !== 'completed' || records.length === 1)
    return records.filter((record) => insertOne(connection, record, nowMs))
  const ask = { on: 'insert', fingerprint: first.fingerprint, outcome: first.outcome } as const
  const { next } = decide(undefined, first, ask, nowMs)
  assertThat(next, 'an inserted record is there')
  // Nobody else writes meanwhile: what is absent now is absent in the next statement.
  const absent = without(records, knownKeys(connection, records))
  for (const some of pieces(absent))
    connection.run(
      repeated(inbox.insertMany, some.length),
      ...sharedValues(next),
      ...some.flatMap(({ key, fingerprint }) => [key, fingerprint]),
    )
  return absent
}

function knownKeys(connection: Connection, records: readonly Identity[]): ReadonlySet<string> {
  const known = new Set<string>()
  for (const some of pieces(records)) {
    const [first] = some
    assertThat(first, 'a piece is not empty')
    const keys = some.map(({ key }) => key)
    const sql = repeated(inbox.known, some.length)
    for (const { key } of connection.all<{ readonly key: Bytes }>(sql, first.scope, ...keys))
      known.add(hex(key))
  }
  return known
}

function without(records: readonly NewRecord[], known: ReadonlySet<string>): readonly NewRecord[] {
  return known.size === 0 ? records : records.filter(({ key }) => !known.has(hex(key)))
}

/** P9: whether all are still there, completed, and without a result. */
export function areSealed(connection: Connection, records: readonly Identity[]): boolean {
  for (const some of pieces(records)) {
    const [first] = some
    assertThat(first, 'a piece is not empty')
    const keys = some.map(({ key }) => key)
    const sql = repeated(inbox.sealedMany, some.length)
    const row = connection.get<{ readonly records: number }>(sql, first.scope, ...keys)
    if (row?.records !== some.length) return false
  }
  return true
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
  record: Pick<InboxRecord, 'scope' | 'key' | 'origin' | 'lane'>,
): ParkedMessage | undefined {
  const { origin, lane } = record
  if (origin === undefined) return undefined
  const row = connection.get<ParkedRow>(parking.message, ...place(record))
  return row && parkedMessageOf(row, { origin, lane })
}

export function place({ scope, key }: Identity): readonly [SqliteValue, SqliteValue] {
  return [scope, key]
}

function insertOne(connection: Connection, record: NewRecord, nowMs: number): boolean {
  const { fingerprint, outcome } = record
  const ask = { on: 'insert', fingerprint, outcome } as const
  const decision = decide(undefined, record, ask, nowMs)
  if (decision.next === undefined) return false
  if (connection.run(inbox.insert, ...rowValues(placed(connection, decision))) === 0) return false
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
  const scopes = a.scope === b.scope ? 0 : Buffer.compare(a.scope, b.scope)
  return scopes || Buffer.compare(a.key, b.key)
}

function sameBytes(one: Bytes, other: Bytes): boolean {
  return one === other || equalBytes(one, other)
}
