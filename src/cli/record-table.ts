import type { RecordPage, RecordRow } from '../operate/records.ts'
import { systemClock } from '../inbox/clock.ts'
import { type Column, span, table } from './text.ts'

/** One page of records as a table; what to ask for the rest. */
export function recordTable({ records, more }: RecordPage, rest: string): string {
  if (records.length === 0) return 'no records'
  const below = more ? [`there are more: ${rest}`] : []
  return [table(columns(records), records), ...below].join('\n')
}

function columns(records: readonly RecordRow[]): readonly Column<RecordRow>[] {
  const nowMs = systemClock.nowMs()
  return [
    { head: 'STATE', cell: ({ state }) => state },
    { head: 'REASON', cell: ({ reason }) => reason ?? '-' },
    { head: 'TRIES', cell: ({ attempts }) => String(attempts), align: 'right' },
    { head: 'CHANGED', cell: ({ changedMs }) => span(nowMs - changedMs), align: 'right' },
    { head: 'LEFT', cell: leftOf, align: 'right' },
    ...several('GROUP', ({ group }) => group, records),
    ...several('KEYSPACE', placeOf, records),
    { head: 'KEY', cell: ({ key }) => key, cuttable: true },
    { head: 'ID', cell: ({ id }) => id },
  ]
}

/** A column that would say the same in every row says nothing. */
function several(
  head: string,
  cell: (row: RecordRow) => string,
  records: readonly RecordRow[],
): readonly Column<RecordRow>[] {
  return new Set(records.map(cell)).size > 1 ? [{ head, cell }] : []
}

function leftOf({ leftMs }: RecordRow): string {
  if (leftMs === undefined) return '-'
  return leftMs > 0 ? span(leftMs) : 'now'
}

/** What a key is unique in, below its group. */
function placeOf({ keyspace, tenant, instance }: RecordRow): string {
  const more = [tenant, instance].filter((name) => name !== undefined)
  return [keyspace, ...more].join('/')
}
