import { hex } from '../inbox/bytes.ts'
import { askOf, auditedWhy, refusedAct } from '../inbox/act.ts'
import { decodeScope, identityName } from '../inbox/identity.ts'
import type { Inspector, RecordCount } from '../inbox/inspector.ts'
import type { InboxRecord, RecordView } from '../inbox/record.ts'
import { applyTo, viewOf, type MemoryState } from './memory-records.ts'

export function memoryInspector(state: MemoryState): Inspector {
  const now = (): number => {
    state.open()
    return state.clock.nowMs()
  }
  return {
    async list({ group, state: wanted, reason, withMessage, limit, offset = 0 }) {
      const nowMs = now()
      return [...state.records.values()]
        .filter((record) => group === undefined || groupOf(record) === group)
        .filter((record) => wanted === undefined || record.state === wanted)
        .filter((record) => reason === undefined || record.reason === reason)
        .filter((record) => !withMessage || record.origin !== undefined)
        .sort((a, b) => b.changedMs - a.changedMs)
        .slice(offset, offset + limit)
        .map((record) => viewOf(record, nowMs) as RecordView)
    },
    async count(group) {
      now()
      const counts = new Map<string, RecordCount>()
      for (const record of state.records.values()) {
        if (group !== undefined && groupOf(record) !== group) continue
        const name = `${hex(record.scope)} ${record.state}`
        const records = 1 + (counts.get(name)?.records ?? 0)
        counts.set(name, { scope: record.scope, state: record.state, records })
      }
      return [...counts.values()]
    },
    async show(identity) {
      const name = identityName(identity)
      const record = viewOf(state.records.get(name), now())
      if (record === undefined) return undefined
      const message = state.messages.get(name)?.message
      return { record, message, audit: state.audit.get(name) ?? [] }
    },
    async act(identity, act) {
      const nowMs = now()
      const name = identityName(identity)
      const before = state.records.get(name)
      const decision = applyTo(state, identity, askOf(act), nowMs)
      if (!decision.changed) throw refusedAct(act, before)
      if (act.kind === 'redrive') restart(state, name, act.body, nowMs)
      const { kind, who } = act
      const audit = state.audit.get(name) ?? []
      state.audit.set(name, [...audit, { atMs: nowMs, who, act: kind, why: auditedWhy(act) }])
    },
    async prune(limit) {
      const nowMs = now()
      let pruned = 0
      for (const record of state.records.values()) {
        if (pruned === limit) break
        if (applyTo(state, record, { on: 'prune' }, nowMs).changed) pruned++
      }
      return pruned
    },
  }
}

/** A message that is kept waits anew, with another body where one is given. */
function restart(
  state: MemoryState,
  name: string,
  body: Uint8Array | undefined,
  nowMs: number,
): void {
  const kept = state.messages.get(name)
  if (kept === undefined) return
  const message = body === undefined ? kept.message : { ...kept.message, body }
  state.messages.set(name, { message, parkedMs: nowMs })
}

function groupOf(record: InboxRecord): string {
  return decodeScope(record.scope).group
}
