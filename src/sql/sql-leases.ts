import type { Ask } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { Leases } from '../inbox/store.ts'
import { claimAll } from './claims.ts'
import { insertAll } from './inserts.ts'
import { placesOf, views } from './looked.ts'
import { inTransaction } from './in-transaction.ts'
import type { SqlParts } from './parts.ts'
import { apply } from './records.ts'
import type { Step } from './step.ts'

/** Each call is one transaction; the table of transitions decides. */
export function sqlLeases(parts: SqlParts): Leases {
  /** What is asked of records by those who hold them. */
  async function applied(
    asked: readonly (readonly [one: Identity, ask: Ask])[],
  ): Promise<readonly Step[]> {
    const all = asked.map(([one, ask]) => ({ one, ask: () => ask }))
    return asked.length === 0 ? [] : inTransaction(parts, (on) => apply(on, all))
  }
  return {
    async claim(requests, terms) {
      if (requests.length === 0) return []
      await placesOf({ parts }, requests)
      return inTransaction(parts, (on) => claimAll(on, requests, terms))
    },
    async renew(leases, leaseMs) {
      const steps = await applied(leases.map((lease) => [lease, { on: 'renew', lease, leaseMs }]))
      return steps.map(({ changed }) => (changed ? 'renewed' : 'fenced'))
    },
    async settle(lease, outcome) {
      const [step] = await applied([[lease, { on: 'settle', lease, outcome, repeatable: true }]])
      return step?.row.answer === 'settled' ? 'settled' : 'fenced'
    },
    async bury(identity, token, outcome) {
      const [step] = await applied([[identity, { on: 'bury', token, outcome }]])
      return step?.changed === true ? 'buried' : 'changed'
    },
    async release(lease) {
      const [step] = await applied([[lease, { on: 'release', lease }]])
      return step?.changed === true ? 'released' : 'fenced'
    },
    insert: async (records) =>
      records.length === 0 ? [] : inTransaction(parts, (on) => insertAll(on, records)),
    read: (identities) => views({ connection: parts.client, parts }, identities),
  }
}
