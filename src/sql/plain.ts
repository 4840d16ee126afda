import { hex } from '../inbox/bytes.ts'
import { assertThat } from '../errors/semel-error.ts'
import type { NewRecord } from '../inbox/claim.ts'
import { firstSteps } from './inserts.ts'
import type { On } from './parts.ts'
import { byPlace } from './records.ts'
import { rowValues } from './rows.ts'
import type { SqlValues } from './template.ts'

/** Rows of records that are absent, sorted as everybody locks; of a key that stands twice the first one. */
export async function plainRows(
  { parts }: On,
  records: readonly NewRecord[],
): Promise<ReadonlyMap<NewRecord, SqlValues>> {
  const given: { readonly record: NewRecord; readonly row: SqlValues }[] = []
  for (const [record, { next }] of firstSteps(records)) {
    assertThat(next, 'an inserted record is there')
    given.push({ record, row: rowValues(next, await parts.names.idOf(record.scope), 0) })
  }
  return new Map(given.toSorted(byPlace).map(({ record, row }) => [record, row]))
}

/** What all have in common, if they differ in key and fingerprint alone. */
export function alike(rows: readonly SqlValues[]): SqlValues | undefined {
  const [first] = rows
  if (first === undefined) return undefined
  const { scope, state, untilIn, claimId = null } = first
  const same = (row: SqlValues): boolean =>
    row['scope'] === scope &&
    row['untilIn'] === untilIn &&
    row['readable'] === null &&
    row['result'] === null
  return rows.every(same) ? ({ scope, state, untilIn, claimId } as SqlValues) : undefined
}

/** Keys and fingerprints as arrays of hexadecimal, for dialects that have arrays; many rows are parsed as one value. */
export function columnsOf(rows: readonly SqlValues[]): SqlValues {
  return {
    scopes: `{${rows.map(({ scope }) => String(scope)).join(',')}}`,
    keys: hexes(rows.map(({ key }) => key)),
    fingerprints: hexes(rows.map(({ fingerprint }) => fingerprint)),
  }
}

function hexes(values: readonly unknown[]): string {
  return `{${values.map((value) => (value instanceof Uint8Array ? hex(value) : '')).join(',')}}`
}
