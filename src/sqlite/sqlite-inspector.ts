import { askOf, auditedWhy, refusedAct } from '../inbox/act.ts'
import { groupRange, type Identity } from '../inbox/identity.ts'
import type { Act, AuditEntry, Inspector, RecordFilter } from '../inbox/inspector.ts'
import type { Connection, SqliteValue } from './connection.ts'
import { type RecordRow, recordOf, stateNumber, stateOf } from './record-rows.ts'
import { applyTo, messageAt, place, recordAt, viewOf } from './records.ts'
import type { StoreParts } from './store-parts.ts'
import { inbox, parking } from './statements.gen.ts'

interface CountRow {
  readonly scope: Uint8Array
  readonly state: number
  readonly records: number
}

interface AuditRow {
  readonly at_ms: number
  readonly who: string
  readonly act: Act['kind']
  readonly why: string
}

/** Records that are pruned in one transaction. */
const pruneMax = 500

export function sqliteInspector({ write, read, clock }: StoreParts): Inspector {
  return {
    list: (filter) =>
      read((connection) => {
        const nowMs = clock.nowMs()
        return listed(connection, filter).map((row) => viewOf(recordOf(row, row), nowMs))
      }),
    count: (group) =>
      read((connection) =>
        counted(connection, group).map((row) => ({ ...row, state: stateOf(row.state) })),
      ),
    show: (identity) =>
      read((connection) => {
        const record = recordAt(connection, identity)
        if (record === undefined) return undefined
        const audit = connection.all<AuditRow>(inbox.audited, ...place(identity)).map(entryOf)
        const message = messageAt(connection, record)
        return { record: viewOf(record, clock.nowMs()), message, audit }
      }),
    act: (identity, act) =>
      write((connection) => {
        const nowMs = clock.nowMs()
        const before = recordAt(connection, identity)
        if (!applyTo(connection, identity, askOf(act), nowMs).changed) throw refusedAct(act, before)
        const { who, kind, body } = act
        if (body !== undefined) connection.run(parking.mend, body, ...place(identity))
        if (kind === 'redrive')
          connection.run(parking.restart, Math.ceil(nowMs), ...place(identity))
        connection.run(
          inbox.audit,
          ...place(identity),
          Math.ceil(nowMs),
          who,
          kind,
          auditedWhy(act),
        )
      }),
    async prune(limit) {
      let pruned = 0
      while (pruned < limit) {
        const most = Math.min(limit - pruned, pruneMax)
        const some = await write((connection) => pruneSome(connection, clock.nowMs(), most))
        pruned += some
        if (some < most) break
      }
      return pruned
    },
  }
}

function listed(
  connection: Connection,
  { group, state, reason, withMessage = false, limit, offset = 0 }: RecordFilter,
): readonly (RecordRow & Identity)[] {
  const filter: readonly SqliteValue[] = [
    state === undefined ? null : stateNumber(state),
    reason ?? null,
    withMessage ? 1 : 0,
    limit,
    offset,
  ]
  if (group === undefined) return connection.all(inbox.list, ...filter)
  const { from, below } = groupRange(group)
  return connection.all(inbox.listScopes, from, below, ...filter)
}

function counted(connection: Connection, group: string | undefined): readonly CountRow[] {
  if (group === undefined) return connection.all(inbox.count)
  const { from, below } = groupRange(group)
  return connection.all(inbox.countScopes, from, below)
}

function pruneSome(connection: Connection, nowMs: number, limit: number): number {
  const candidates = connection.all<Identity>(inbox.prunable, nowMs, limit)
  const pruned = candidates.filter(
    (identity) => applyTo(connection, identity, { on: 'prune' }, nowMs).changed,
  )
  return pruned.length
}

function entryOf({ at_ms: atMs, who, act, why }: AuditRow): AuditEntry {
  return { atMs, who, act, why }
}
