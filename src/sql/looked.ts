import { hex } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, RecordView } from '../inbox/record.ts'
import type { SqlRow } from './client.ts'
import { clock, type On, run } from './parts.ts'
import { bytesOf, type Kept, keptOf, numberOf, recordOf } from './rows.ts'
import type { SqlValues } from './template.ts'

/** Records as they stand, by {@link nameOf}, and the store's clock; 0 where there is no record to compare it with. */
export interface Looked {
  readonly records: ReadonlyMap<string, InboxRecord>
  readonly nowMs: number
}

/** Reads and locks, in the order in which everybody locks. */
export async function lock(on: On, identities: readonly Identity[]): Promise<Looked> {
  const { inbox, parking } = on.parts.dialect.statements
  if (identities.length === 0) return { records: new Map(), nowMs: 0 }
  const sorted = identities.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const locked = await run(on, inbox.lock, clock(on), await placesOf(on, sorted))
  // Read after the lock: what is kept changes only under it.
  const places = locked.filter((row) => Boolean(row['is_kept'])).map(placeOf)
  const kept = places.length === 0 ? [] : await run(on, parking.kept, {}, places)
  return looked(on, identities, locked, kept)
}

/** Reads what stands there, with what is kept beside it. */
export async function look(on: On, identities: readonly Identity[]): Promise<Looked> {
  if (identities.length === 0) return { records: new Map(), nowMs: 0 }
  const { inbox } = on.parts.dialect.statements
  const found = await run(on, inbox.read, clock(on), await placesOf(on, identities))
  return looked(on, identities, found, found)
}

export async function views(
  on: On,
  identities: readonly Identity[],
): Promise<readonly (RecordView | undefined)[]> {
  const { records, nowMs } = await look(on, identities)
  return identities.map((identity) => {
    const record = records.get(nameOf(identity))
    return record && viewOf(record, nowMs)
  })
}

export function viewOf(record: InboxRecord, nowMs: number): RecordView {
  return { ...record, leftMs: (record.untilMs ?? nowMs) - nowMs }
}

/** One string per identity, that sorts as everybody locks. */
export function nameOf({ scope, key }: Identity): string {
  return `${hex(scope)}/${hex(key)}`
}

/** Where records stand: each once. */
export async function placesOf(
  { parts }: Pick<On, 'parts'>,
  identities: readonly Identity[],
): Promise<readonly SqlValues[]> {
  const places = new Map<string, SqlValues>()
  for (const one of identities)
    places.set(nameOf(one), { scope: await parts.names.idOf(one.scope), key: one.key })
  return [...places.values()]
}

function placeOf({ scope, key }: SqlRow): { readonly scope: number; readonly key: Uint8Array } {
  return { scope: Number(scope), key: bytesOf(key) }
}

async function looked(
  { parts }: On,
  identities: readonly Identity[],
  rows: readonly SqlRow[],
  kept: readonly SqlRow[],
): Promise<Looked> {
  const scopes = new Map<number, Uint8Array>()
  for (const { scope } of identities) scopes.set(await parts.names.idOf(scope), scope)
  const beside = new Map<string, Kept>()
  for (const row of kept) if (row['origin'] !== null) beside.set(placeName(row), keptOf(row))
  const records = new Map<string, InboxRecord>()
  for (const row of rows) {
    const { scope, key } = placeOf(row)
    const identity = { scope: scopes.get(scope) ?? new Uint8Array(), key }
    records.set(nameOf(identity), recordOf(row, identity, beside.get(placeName(row))))
  }
  return { records, nowMs: numberOf(rows[0]?.['now_ms']) ?? 0 }
}

/** The same of a row, or of the values of one. */
export function placeName({ scope, key }: SqlRow): string {
  return `${Number(scope)}/${hex(bytesOf(key))}`
}
