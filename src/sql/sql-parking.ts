import { groupRange, lanesOf } from '../inbox/identity.ts'
import type { Reason } from '../inbox/record.ts'
import type { DueMessage, Parking } from '../inbox/store.ts'
import type { SqlRow } from './client.ts'
import { clock, type On, run, type SqlParts } from './parts.ts'
import { bytesOf, stateOf, textOf } from './rows.ts'

/** Asks on its own: nothing is claimed by it. */
export function sqlParking(parts: SqlParts): Parking {
  const on: On = { connection: parts.client, parts }
  const { parking } = parts.dialect.statements
  return {
    async due(origin, limit) {
      const id = await parts.names.idOf(origin)
      const alone = await run(on, parking.due, { ...clock(on), origin: id, limit })
      const { from, below } = lanesOf(origin)
      const firsts = await run(on, parking.firsts, { ...clock(on), origin: id, from, below, limit })
      const all = firsts.length === 0 ? alone : [...alone, ...firsts].toSorted(longestFirst)
      const due: DueMessage[] = []
      for (const first of all)
        if (due.length < limit) due.push(...(await chainOf(on, first, limit)).map(dueMessage))
      return due.slice(0, limit)
    },
    async usage(group) {
      const { from, below } = groupRange(group)
      const rows = await run(on, parking.usage, { from, below })
      const [fullest] = await run(on, parking.fullest, { from, below })
      const parked = rows.filter(({ state }) => stateOf(state) !== 'dead')
      return {
        messages: sum(parked, 'messages'),
        bytes: sum(parked, 'bytes'),
        dead: sum(rows, 'messages') - sum(parked, 'messages'),
        perLane: Number(fullest?.['messages'] ?? 0),
      }
    },
  }
}

/** With the first of a lane those behind it that can go with it: up to one that is not due, or crashed somebody. */
async function chainOf(on: On, first: SqlRow, limit: number): Promise<readonly SqlRow[]> {
  const { lane, place, stands, state } = first
  if (!stands || stateOf(state) !== 'failed') return [first]
  const values = { ...clock(on), lane: bytesOf(lane), place: Number(place), limit }
  const next = await run(on, on.parts.dialect.statements.parking.next, values)
  const end = next.findIndex((row) => stateOf(row['state']) !== 'failed' || !isPast(row))
  return [first, ...(end < 0 ? next : next.slice(0, end))]
}

function isPast({ until_ms: untilMs, now_ms: nowMs }: SqlRow): boolean {
  return Number(untilMs) <= Number(nowMs)
}

function dueMessage(row: SqlRow): DueMessage {
  const { name, key, readable, fingerprint, state, stands, lane, reason } = row
  return {
    scope: bytesOf(name),
    key: bytesOf(key),
    readable: textOf(readable),
    fingerprint: bytesOf(fingerprint),
    suspect: stateOf(state) === 'leased',
    lane: stands ? bytesOf(lane) : undefined,
    reason: textOf(reason) as Reason | undefined,
    waitedMs: Number(row['now_ms']) - Number(row['parked_ms']),
  }
}

function longestFirst(a: SqlRow, b: SqlRow): number {
  return Number(a['until_ms']) - Number(b['until_ms'])
}

function sum(rows: readonly SqlRow[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0)
}
