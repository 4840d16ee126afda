import { equalBytes } from '../inbox/bytes.ts'
import { decodeScope, identityName } from '../inbox/identity.ts'
import { type InboxRecord, isParked } from '../inbox/record.ts'
import type { MemoryState } from './memory-records.ts'
import type { Parking } from '../inbox/store.ts'

export function memoryParking(state: MemoryState): Parking {
  return {
    async due(origin, limit) {
      state.open()
      const nowMs = state.clock.nowMs()
      return [...state.records.values()]
        .filter((record) => isDue(record, origin, nowMs))
        .sort((a, b) => (a.untilMs ?? 0) - (b.untilMs ?? 0))
        .slice(0, limit)
        .map((record) => ({
          scope: record.scope,
          key: record.key,
          readable: record.readable,
          fingerprint: record.fingerprint,
          suspect: record.state === 'leased',
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
      return { messages: parked.length, bytes, dead: kept.length - parked.length }
    },
  }
}

function isDue(record: InboxRecord, origin: Uint8Array, nowMs: number): boolean {
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
