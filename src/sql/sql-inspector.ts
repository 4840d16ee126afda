import { askOf, auditedWhy, refusedAct } from '../inbox/act.ts'
import { groupRange, type Identity } from '../inbox/identity.ts'
import type { Act, AuditEntry, Inspector, RecordFilter } from '../inbox/inspector.ts'
import type { ParkedMessage, RecordView } from '../inbox/record.ts'
import type { SqlRow } from './client.ts'
import { inTransaction } from './in-transaction.ts'
import { look, nameOf, placesOf, viewOf } from './looked.ts'
import { clock, type On, run, type SqlParts } from './parts.ts'
import { apply } from './records.ts'
import { bytesOf, keptOf, messageOf, recordOf, stateNumber, stateOf, storable } from './rows.ts'
import type { SqlValues } from './template.ts'

/** Records that are pruned in one transaction: few enough never to hold anybody up. */
const pruneMax = 500

export function sqlInspector(parts: SqlParts): Inspector {
  const on: On = { connection: parts.client, parts }
  const { inbox } = parts.dialect.statements
  return {
    list: async (filter) => (await listed(on, filter)).map(listedView),
    async count(group) {
      const rows =
        group === undefined
          ? await run(on, inbox.count, {})
          : await run(on, inbox.countNames, { ...groupRange(group) })
      return rows.map(({ name, state, records }) => ({
        scope: bytesOf(name),
        state: stateOf(state),
        records: Number(records),
      }))
    },
    async show(identity) {
      const { records, nowMs } = await look(on, [identity])
      const record = records.get(nameOf(identity))
      if (record === undefined) return undefined
      const [place = {}] = await placesOf(on, [identity])
      const audit = (await run(on, inbox.audited, place)).map(entryOf)
      const message =
        record.origin && (await messageAt(on, place, { ...record, origin: record.origin }))
      return { record: viewOf(record, nowMs), message, audit }
    },
    act: (identity, act) => inTransaction(parts, (within) => acted(within, identity, act)),
    async prune(limit) {
      let pruned = 0
      while (pruned < limit) {
        const most = Math.min(limit - pruned, pruneMax)
        const some = await inTransaction(parts, (within) => pruneSome(within, most))
        pruned += some
        if (some < most) break
      }
      return pruned
    },
  }
}

async function pruneSome(on: On, limit: number): Promise<number> {
  const { dialect } = on.parts
  return dialect.prune((sql, values, rows) => run(on, sql, values, rows), { ...clock(on), limit })
}

async function messageAt(
  on: On,
  place: SqlValues,
  kept: Parameters<typeof messageOf>[1],
): Promise<ParkedMessage | undefined> {
  const [row] = await run(on, on.parts.dialect.statements.parking.message, place)
  return row && messageOf(row, kept)
}

async function acted(on: On, identity: Identity, act: Act): Promise<void> {
  const [step] = await apply(on, [{ one: identity, ask: () => askOf(act) }])
  if (step?.changed !== true) throw refusedAct(act, step?.before)
  const [place = {}] = await placesOf(on, [identity])
  const { who, kind } = act
  const why = storable(auditedWhy(act))
  const values = { ...clock(on), ...place, who: storable(who), act: kind, why }
  await run(on, on.parts.dialect.statements.inbox.audit, values)
}

function listed(
  on: On,
  { group, state, reason, withMessage = false, limit, offset = 0 }: RecordFilter,
): Promise<readonly SqlRow[]> {
  const { list, listNames } = on.parts.dialect.statements.inbox
  const filter = {
    ...clock(on),
    state: state === undefined ? null : stateNumber(state),
    reason: reason ?? null,
    withMessage,
    limit,
    offset,
  }
  if (group === undefined) return run(on, list, filter)
  return run(on, listNames, { ...filter, ...groupRange(group) })
}

function listedView(row: SqlRow): RecordView {
  const identity = { scope: bytesOf(row['name']), key: bytesOf(row['key']) }
  const kept = row['origin'] === null ? undefined : keptOf(row)
  return viewOf(recordOf(row, identity, kept), Number(row['now_ms']))
}

function entryOf({ at_ms: atMs, who, act, why }: SqlRow): AuditEntry {
  return { atMs: Number(atMs), who: String(who), act: String(act) as Act['kind'], why: String(why) }
}
