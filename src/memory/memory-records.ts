import { type Bytes, equalBytes, hex } from '../inbox/bytes.ts'
import type { ClaimRequest, ClaimTerms, NewRecord } from '../inbox/claim.ts'
import type { Clock } from '../inbox/clock.ts'
import { type Ask, type Decision, decide } from '../inbox/decide.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import type { AuditEntry } from '../inbox/inspector.ts'
import type { InboxRecord, ParkedMessage, RecordView } from '../inbox/record.ts'
import { type StepRow, stepsThatGo } from '../inbox/steps.ts'
import type { Rows } from './overlay.ts'

export interface KeptMessage {
  readonly message: ParkedMessage
  readonly parkedMs: number
}

/** Of one key, by their names. Never changed in place. */
export type KeptSteps = ReadonlyMap<string, StepRow>

/** Everything a memory store holds, committed. */
export interface MemoryState {
  readonly clock: Clock
  readonly records: Map<string, InboxRecord>
  readonly messages: Map<string, KeptMessage>
  readonly steps: Map<string, KeptSteps>
  readonly rows: Map<string, unknown>
  readonly audit: Map<string, readonly AuditEntry[]>
  /** Throws once the store is closed. */
  open(): void
}

/** What a memory store changes: the committed rows, or the overlay of a transaction. */
export interface MemoryRows {
  readonly records: Rows<InboxRecord>
  readonly messages: Rows<KeptMessage>
  readonly steps: Rows<KeptSteps>
}

/** Reads, decides by the table of transitions, writes: one step, because nothing here waits. */
export function applyTo(rows: MemoryRows, identity: Identity, ask: Ask, nowMs: number): Decision {
  const name = identityName(identity)
  const decision = decide(rows.records.get(name), identity, ask, nowMs)
  if (!decision.changed) return decision
  const { next, joins } = decision
  if (next === undefined) rows.records.delete(name)
  else rows.records.set(name, joins ? { ...next, place: endOfLane(rows, next.lane) } : next)
  keepMessage(rows, name, decision, ask, nowMs)
  keepSteps(rows, name, stepsThatGo(decision, ask))
  return decision
}

/** Of one claim, with what only the store can look up. */
export function claimIn(
  rows: MemoryRows,
  request: ClaimRequest,
  terms: ClaimTerms,
  nowMs: number,
): Decision {
  const record = rows.records.get(identityName(request))
  const lane = record?.origin === undefined ? request.lane : record.lane
  const before = record?.origin === undefined ? Number.POSITIVE_INFINITY : record.place
  const behind = inLane(rows, lane).some(
    (other) =>
      (other.place ?? 0) < (before ?? 0) &&
      !(other.state === 'leased' && sameClaim(other, request.claimId)),
  )
  return applyTo(rows, request, { on: 'claim', request, terms, behind }, nowMs)
}

/** Records that stand in a lane. */
export function inLane({ records }: MemoryRows, lane: Bytes | undefined): readonly InboxRecord[] {
  if (lane === undefined) return []
  return [...records.entries()]
    .map(([, record]) => record)
    .filter(
      (one) => one.place !== undefined && one.lane !== undefined && equalBytes(one.lane, lane),
    )
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
}

function endOfLane(rows: MemoryRows, lane: Bytes | undefined): number {
  return (inLane(rows, lane).at(-1)?.place ?? 0) + 1
}

function sameClaim({ claimId }: InboxRecord, other: Bytes): boolean {
  return claimId !== undefined && equalBytes(claimId, other)
}

/** Sorted as bytes are, so that two transactions take their keys in one order; answers in the order given. */
export function insertAll(
  rows: MemoryRows,
  records: readonly NewRecord[],
  nowMs: number,
): readonly boolean[] {
  const fresh = new Map<NewRecord, boolean>()
  const sorted = [...records].sort((a, b) => (hex(a.key) < hex(b.key) ? -1 : 1))
  // Places in a lane are given in the order of the records.
  for (const record of [...sorted.filter((one) => !hasLane(one)), ...records.filter(hasLane)]) {
    const { fingerprint, outcome } = record
    fresh.set(record, applyTo(rows, record, { on: 'insert', fingerprint, outcome }, nowMs).changed)
  }
  return records.map((record) => fresh.get(record) === true)
}

function hasLane({ outcome }: NewRecord): boolean {
  return outcome.state === 'failed' && outcome.message?.lane !== undefined
}

export function viewOf(record: InboxRecord | undefined, nowMs: number): RecordView | undefined {
  return record && { ...record, leftMs: (record.untilMs ?? nowMs) - nowMs }
}

/** P4: the message goes when its record completes or goes; the first one given stays. */
function keepMessage(
  { messages }: MemoryRows,
  name: string,
  { next }: Decision,
  ask: Ask,
  nowMs: number,
): void {
  const given = 'outcome' in ask && 'message' in ask.outcome ? ask.outcome.message : undefined
  if (next?.origin === undefined) messages.delete(name)
  else if (given !== undefined && messages.get(name) === undefined)
    messages.set(name, { message: given, parkedMs: nowMs })
}

function keepSteps(
  { steps }: MemoryRows,
  name: string,
  which: ReturnType<typeof stepsThatGo>,
): void {
  const known = which === 'none' ? undefined : steps.get(name)
  if (known === undefined) return
  const stay = which === 'all' ? [] : [...known].filter(([, { done }]) => done)
  if (stay.length === 0) steps.delete(name)
  else steps.set(name, new Map(stay))
}
