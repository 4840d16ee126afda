import { claimAnswer } from '../inbox/claim-answer.ts'
import type { Leases } from '../inbox/store.ts'
import { applyTo, claimOf, insertAll, messageAt, viewAt } from './records.ts'
import type { StoreParts } from './store-parts.ts'

/** Each call is one transaction; the table of transitions decides. */
export function sqliteLeases({ write, read, clock }: StoreParts): Leases {
  return {
    claim: (requests, terms) =>
      write((connection) => {
        const nowMs = clock.nowMs()
        return requests.map((request) => {
          const decision = claimOf(connection, request, terms, nowMs)
          const claim = claimAnswer(decision, request, nowMs)
          if (claim.kind !== 'granted' || decision.next === undefined) return claim
          return { ...claim, message: messageAt(connection, decision.next) }
        })
      }),
    renew: (leases, leaseMs) =>
      write((connection) => {
        const nowMs = clock.nowMs()
        return leases.map((lease) =>
          applyTo(connection, lease, { on: 'renew', lease, leaseMs }, nowMs).changed
            ? 'renewed'
            : 'fenced',
        )
      }),
    settle: (lease, outcome) =>
      write((connection) => {
        const ask = { on: 'settle', lease, outcome, repeatable: true } as const
        return applyTo(connection, lease, ask, clock.nowMs()).row.answer as 'settled' | 'fenced'
      }),
    bury: (identity, token, outcome) =>
      write((connection) => {
        const ask = { on: 'bury', token, outcome } as const
        return applyTo(connection, identity, ask, clock.nowMs()).changed ? 'buried' : 'changed'
      }),
    release: (lease) =>
      write((connection) =>
        applyTo(connection, lease, { on: 'release', lease }, clock.nowMs()).changed
          ? 'released'
          : 'fenced',
      ),
    insert: (records) => write((connection) => insertAll(connection, records, clock.nowMs())),
    read: (identities) =>
      read((connection) => {
        const nowMs = clock.nowMs()
        return identities.map((identity) => viewAt(connection, identity, nowMs))
      }),
  }
}
