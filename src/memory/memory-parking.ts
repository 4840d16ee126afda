import { type Bytes, equalBytes, hex } from '../inbox/bytes.ts'
import { decodeScope, identityName } from '../inbox/identity.ts'
import { type InboxRecord, isParked } from '../inbox/record.ts'
import { inLane, type MemoryState } from './memory-records.ts'
import type { Parking } from '../inbox/store.ts'

export function memoryParking(state: MemoryState): Parking {
  return {
    async due(origin, limit) {
      state.open()
      const nowMs = state.clock.nowMs()
      return firstsDue(state, origin, nowMs)
        .flatMap((first) => chainOf(state, first, nowMs))
        .slice(0, limit)
        .map((record) => ({
          scope: record.scope,
          key: record.key,
          readable: record.readable,
          fingerprint: record.fingerprint,
          suspect: record.state === 'leased',
          lane: record.place === undefined ? undefined : record.lane,
          reason: record.reason,
          waitedMs: nowMs - (state.messages.get(identityName(record))?.parkedMs ?? nowMs),
        }))
    },
    async usage(group) {
      state.open()
      const kept = [...state.records.values()].filter(
        (record) => record.origin !== undefined && decodeScope(record.scope).group === group,
      )
      const parked = kept.filter(isParked)
      const bytes = parked.reduce((sum, record) => sum + bodyBytes(state, record), 0)
      const inLanes = Map.groupBy(parked, ({ lane }) => lane && hex(lane))
      inLanes.delete(undefined)
      const perLane = Math.max(0, ...[...inLanes.values()].map(({ length }) => length))
      return { messages: parked.length, bytes, dead: kept.length - parked.length, perLane }
    },
  }
}

/** What stands in no lane, or first in its own; the longest waiting first. */
function firstsDue(state: MemoryState, origin: Bytes, nowMs: number): readonly InboxRecord[] {
  return [...state.records.values()]
    .filter((record) => isDue(record, origin, nowMs) && isFirst(state, record))
    .sort((a, b) => (a.untilMs ?? 0) - (b.untilMs ?? 0))
}

function isFirst(state: MemoryState, { lane, place }: InboxRecord): boolean {
  return place === undefined || inLane(state, lane)[0]?.place === place
}

/** With the first one those behind it that can go with it: up to one that is not due, or that crashed somebody. */
function chainOf(state: MemoryState, first: InboxRecord, nowMs: number): readonly InboxRecord[] {
  if (first.place === undefined || first.state === 'leased') return [first]
  const lane = inLane(state, first.lane)
  const end = lane.findIndex((one) => one.state !== 'failed' || (one.untilMs ?? 0) > nowMs)
  return end < 0 ? lane : lane.slice(0, end)
}

function isDue(record: InboxRecord, origin: Bytes, nowMs: number): boolean {
  return (
    isParked(record) &&
    record.origin !== undefined &&
    equalBytes(record.origin, origin) &&
    (record.untilMs ?? 0) <= nowMs
  )
}

function bodyBytes(state: MemoryState, record: InboxRecord): number {
  return state.messages.get(identityName(record))?.message.body.length ?? 0
}
