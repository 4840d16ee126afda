import { sha256, compose, hex } from '../inbox/bytes.ts'
import { decodeScope, type Identity } from '../inbox/identity.ts'
import type { AuditEntry, Inspector, RecordFilter } from '../inbox/inspector.ts'
import { readableKey } from '../inbox/key.ts'
import {
  isParked,
  type ParkedMessage,
  type Reason,
  type RecordView,
  type State,
} from '../inbox/record.ts'

/** An inbox record as people read it. */
export interface RecordRow {
  /** Names this record and no other: sixteen hexadecimal digits, to be handed to any act. */
  readonly id: string
  readonly group: string
  readonly keyspace: string
  readonly tenant: string | undefined
  readonly instance: string | undefined
  /** The readable form; equal for keys that differ, for display only. */
  readonly key: string
  readonly state: State
  readonly reason: Reason | undefined
  readonly detail: string | undefined
  readonly attempts: number
  /** Whether its message is kept and waits to be taken again. */
  readonly parked: boolean
  /** Whether its message is kept: parked or dead. */
  readonly kept: boolean
  /** Milliseconds until its lease, pause or retention ends, by the clock of the store; undefined: it has none. */
  readonly leftMs: number | undefined
  /** Milliseconds since 1970, by the clock of the store. */
  readonly changedMs: number
}

/** One record with everything that is known of it. */
export interface RecordReport extends RecordRow {
  readonly token: number
  /** JSON text. */
  readonly result: string | undefined
  readonly message: ParkedMessage | undefined
  readonly audit: readonly AuditEntry[]
}

/** Every state, in the order of urgency. */
export const states: readonly State[] = Object.keys({
  dead: true,
  failed: true,
  leased: true,
  completed: true,
} satisfies Record<State, true>) as State[]

/** Every reason why a record is failed or dead. */
export const reasons: readonly Reason[] = Object.keys({
  failed: true,
  crashed: true,
  timeout: true,
  permanent: true,
  early: true,
  behind: true,
  expired: true,
  mismatched: true,
  conflict: true,
  'no-key': true,
  unreadable: true,
  refused: true,
  uncertain: true,
  released: true,
  redriven: true,
} satisfies Record<Reason, true>) as Reason[]

/** A page of records; `more` says that the filter holds for others behind it. */
export interface RecordPage {
  readonly records: readonly RecordRow[]
  readonly more: boolean
}

/** One page, newest change first. */
export async function listRecords(inspector: Inspector, filter: RecordFilter): Promise<RecordPage> {
  const found = await inspector.list({ ...filter, limit: filter.limit + 1 })
  return {
    records: found.slice(0, filter.limit).map(recordRow),
    more: found.length > filter.limit,
  }
}

/** One page of parked messages: those that are kept and wait to be taken again. */
export async function listParked(
  inspector: Inspector,
  { limit, ...filter }: Omit<RecordFilter, 'state' | 'withMessage' | 'offset'>,
): Promise<RecordPage> {
  const wanted = { ...filter, withMessage: true, limit: limit + 1 }
  const failed = await inspector.list({ ...wanted, state: 'failed' })
  const leased = await inspector.list({ ...wanted, state: 'leased' })
  const found = [...failed, ...leased].sort((a, b) => b.changedMs - a.changedMs)
  return { records: found.slice(0, limit).map(recordRow), more: found.length > limit }
}

export async function showRecord(
  inspector: Inspector,
  identity: Identity,
): Promise<RecordReport | undefined> {
  const details = await inspector.show(identity)
  if (details === undefined) return undefined
  const { record, message, audit } = details
  const { token, result } = record
  return { ...recordRow(record), token, result, message, audit }
}

export function recordRow(record: RecordView): RecordRow {
  const { group, keyspace, tenant, instance } = decodeScope(record.scope)
  const { state, reason, detail, attempts, changedMs } = record
  return {
    id: recordId(record),
    group,
    keyspace,
    tenant,
    instance,
    key: readableKey(record.key, record.readable),
    state,
    reason,
    detail,
    attempts,
    parked: isParked(record),
    kept: record.origin !== undefined,
    leftMs: record.untilMs === undefined ? undefined : record.leftMs,
    changedMs,
  }
}

/** The same for one identity on every machine; 64 bits, so that no two records of a store share it by chance. */
export function recordId({ scope, key }: Pick<Identity, 'scope' | 'key'>): string {
  return hex(sha256(compose([scope, key])).subarray(0, 8))
}
