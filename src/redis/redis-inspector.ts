import { askOf, refusedAct } from '../inbox/act.ts'
import type { Identity } from '../inbox/identity.ts'
import type { Act, AuditEntry, Inspector } from '../inbox/inspector.ts'
import { buffer } from './client.ts'
import { applyOne } from './apply.ts'
import { named } from './changes.ts'
import { listed } from './listing.ts'
import { groupsOf, lookAt, pairs } from './looks.ts'
import { baseOf, placeOf, scopeOf } from './names.ts'
import { pruned } from './pruning.ts'
import { stateOf } from './record-bytes.ts'
import { looking, viewOf } from './redis-leases.ts'
import { readSteps } from './redis-steps.ts'
import type { StoreParts } from './store-parts.ts'

export function redisInspector(parts: StoreParts): Inspector {
  return {
    list: (filter) => listed(parts, filter),
    async count(group) {
      const groups = group === undefined ? await groupsOf(parts) : [group]
      return (await Promise.all(groups.map((one) => countsOf(parts, one)))).flat()
    },
    async show(identity) {
      const asking = { ...looking(identity), message: true }
      const [answered, audit] = await Promise.all([
        applyOne(parts, asking, 'SEMEL_STORE_UNAVAILABLE'),
        auditOf(parts, identity),
      ])
      const record = viewOf(answered)
      return record && { record, message: answered.seen.message, audit }
    },
    act: (identity, act) => actOn(parts, identity, act),
    prune: (limit) => pruned(parts, limit),
  }
}

/** What is looked up for an act is of the record that the act is decided on: steps change under a lease alone. */
async function actOn(parts: StoreParts, identity: Identity, act: Act): Promise<void> {
  const steps = act.callAgain === true ? await readSteps(parts, identity) : []
  const openSteps = steps.filter(({ done }) => !done).map(({ step }) => Buffer.from(step))
  const ask = askOf(act)
  const asking = {
    identity,
    ask: () => ask,
    guess: undefined,
    message: act.body !== undefined,
    act: { act, openSteps },
  }
  const { decision, seen } = await applyOne(parts, asking, 'SEMEL_OUTCOME_UNKNOWN')
  if (!decision.changed) throw refusedAct(act, seen.known?.record)
}

async function countsOf(parts: StoreParts, group: string): ReturnType<Inspector['count']> {
  const { words } = await lookAt(parts, `${baseOf(parts.prefix, group)}c`, 'HGETALL')
  return pairs(words)
    .map(([field, count]) => ({
      scope: scopeOf(group, field.subarray(1)),
      state: stateOf(Number(String.fromCharCode(field[0] ?? 0))),
      records: Number(count),
    }))
    .filter(({ records }) => records > 0)
}

async function auditOf(parts: StoreParts, identity: Identity): Promise<readonly AuditEntry[]> {
  const place = placeOf(identity)
  const key = Buffer.concat([
    buffer(Buffer.from(baseOf(parts.prefix, place.group))),
    named('a:', place),
  ])
  const { words } = await lookAt(parts, key, 'LRANGE', '0', '-1')
  return words.map((entry) => ({
    atMs: entry.readUIntBE(0, 6),
    ...(JSON.parse(entry.toString('utf8', 6)) as Omit<AuditEntry, 'atMs'>),
  }))
}
