import type { Bytes } from '../inbox/bytes.ts'
import { groupRange, lanesOf } from '../inbox/identity.ts'
import type { Reason } from '../inbox/record.ts'
import type { DueMessage, Parking } from '../inbox/store.ts'
import type { Connection } from './connection.ts'
import { stateOf } from './record-rows.ts'
import type { StoreParts } from './store-parts.ts'
import { parking } from './statements.gen.ts'

interface DueRow {
  readonly scope: Uint8Array
  readonly key: Uint8Array
  readonly readable: string | null
  readonly state: number
  readonly fingerprint: Uint8Array
  readonly reason: string | null
  readonly lane: Uint8Array | null
  readonly place: number | null
  readonly until_ms: number
  readonly parked_ms: number
}

interface FullestRow {
  readonly messages: number | null
}

interface UsageRow {
  readonly state: number
  readonly messages: number
  readonly bytes: number
}

export function sqliteParking({ read, clock }: StoreParts): Parking {
  return {
    due: (origin, limit) =>
      read((connection) => {
        const nowMs = clock.nowMs()
        return firstsDue(connection, origin, nowMs, limit)
          .flatMap((first) => chainOf(connection, first, nowMs, limit))
          .slice(0, limit)
          .map((row) => dueMessage(row, nowMs))
      }),
    usage: (group) =>
      read((connection) => {
        const { from, below } = groupRange(group)
        const rows = connection.all<UsageRow>(parking.usage, from, below)
        const parked = rows.filter(({ state }) => stateOf(state) !== 'dead')
        return {
          messages: sum(parked.map(({ messages }) => messages)),
          bytes: sum(parked.map(({ bytes }) => bytes)),
          dead: sum(rows.map(({ messages }) => messages)) - sum(parked.map((row) => row.messages)),
          perLane: connection.get<FullestRow>(parking.fullest, from, below)?.messages ?? 0,
        }
      }),
  }
}

/** What stands in no lane, or first in its own; the longest waiting first. */
function firstsDue(
  connection: Connection,
  origin: Bytes,
  nowMs: number,
  limit: number,
): readonly DueRow[] {
  const alone = connection.all<DueRow>(parking.due, origin, nowMs, limit)
  const { from, below } = lanesOf(origin)
  const first = connection.all<DueRow>(parking.firsts, from, below, below, nowMs, limit)
  return first.length === 0
    ? alone
    : [...alone, ...first].toSorted((a, b) => a.until_ms - b.until_ms)
}

/** With the first one those behind it that can go with it: up to one that is not due, or that crashed somebody. */
function chainOf(
  connection: Connection,
  first: DueRow,
  nowMs: number,
  limit: number,
): readonly DueRow[] {
  const { lane, place, state } = first
  if (lane === null || place === null || stateOf(state) !== 'failed') return [first]
  const next = connection.all<DueRow>(parking.next, lane, place, limit)
  const end = next.findIndex((row) => stateOf(row.state) !== 'failed' || row.until_ms > nowMs)
  return [first, ...(end < 0 ? next : next.slice(0, end))]
}

function dueMessage(row: DueRow, nowMs: number): DueMessage {
  return {
    scope: row.scope,
    key: row.key,
    readable: row.readable ?? undefined,
    fingerprint: row.fingerprint,
    suspect: stateOf(row.state) === 'leased',
    lane: row.place === null ? undefined : (row.lane ?? undefined),
    reason: (row.reason ?? undefined) as Reason | undefined,
    waitedMs: nowMs - row.parked_ms,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
