import { hex } from '../inbox/bytes.ts'
import type { NewRecord } from '../inbox/claim.ts'
import type { Clock } from '../inbox/clock.ts'
import { type Ask, type Decision, decide } from '../inbox/decide.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import type { AuditEntry } from '../inbox/inspector.ts'
import type { InboxRecord, ParkedMessage, RecordView } from '../inbox/record.ts'
import type { Rows } from './overlay.ts'

export interface KeptMessage {
  readonly message: ParkedMessage
  readonly parkedMs: number
}

/** Everything a memory store holds, committed. */
export interface MemoryState {
  readonly clock: Clock
  readonly records: Map<string, InboxRecord>
  readonly messages: Map<string, KeptMessage>
  readonly rows: Map<string, unknown>
  readonly audit: Map<string, readonly AuditEntry[]>
  /** Throws once the store is closed. */
  open(): void
}

/** What a memory store changes: the committed rows, or the overlay of a transaction. */
export interface MemoryRows {
  readonly records: Rows<InboxRecord>
  readonly messages: Rows<KeptMessage>
}

/** Reads, decides by the table of transitions, writes: one step, because nothing here waits. */
export function applyTo(rows: MemoryRows, identity: Identity, ask: Ask, nowMs: number): Decision {
  const name = identityName(identity)
  const decision = decide(rows.records.get(name), identity, ask, nowMs)
  if (!decision.changed) return decision
  if (decision.next === undefined) rows.records.delete(name)
  else rows.records.set(name, decision.next)
  keepMessage(rows, name, decision, ask, nowMs)
  return decision
}

/** Sorted as bytes are, so that two transactions take their keys in one order; answers in the order given. */
export function insertAll(
  rows: MemoryRows,
  records: readonly NewRecord[],
  nowMs: number,
): readonly boolean[] {
  const fresh = new Map<NewRecord, boolean>()
  for (const record of [...records].sort((a, b) => (hex(a.key) < hex(b.key) ? -1 : 1))) {
    const { fingerprint, outcome } = record
    fresh.set(record, applyTo(rows, record, { on: 'insert', fingerprint, outcome }, nowMs).changed)
  }
  return records.map((record) => fresh.get(record) === true)
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
