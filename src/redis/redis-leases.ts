import { claimAnswer } from '../inbox/claim-answer.ts'
import type { Claim, ClaimRequest, ClaimTerms, NewRecord } from '../inbox/claim.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, Lease, RecordView } from '../inbox/record.ts'
import type { Leases } from '../inbox/store.ts'
import type { Answered, Asking } from './asking.ts'
import { applyAll, applyOne } from './apply.ts'
import type { KnownLeases } from './known-leases.ts'
import type { StoreParts } from './store-parts.ts'

/**
 * The table of transitions decides here. A claim that gets no answer is asked again, and finds itself; of anything
 * else without an answer nobody knows whether it was done.
 */
export function redisLeases(parts: StoreParts): Leases {
  const { leases } = parts
  return {
    async claim(requests, terms) {
      const askings = requests.map((request) => claiming(request, terms))
      const answered = await applyAll(parts, askings, 'SEMEL_STORE_UNAVAILABLE')
      return requests.map((request, at) => claimed(leases, request, answered[at] as Answered))
    },
    async renew(renewed, leaseMs) {
      const askings = renewed.map((lease) => owned(leases, lease, { on: 'renew', lease, leaseMs }))
      const answered = await applyAll(parts, askings, 'SEMEL_OUTCOME_UNKNOWN')
      return renewed.map((lease, at) => {
        const { decision, after } = answered[at] as Answered
        leases.set(lease, after)
        return decision.changed ? 'renewed' : 'fenced'
      })
    },
    async settle(lease, outcome) {
      const ask = { on: 'settle', lease, outcome, repeatable: true } as const
      const { decision } = await ending(parts, lease, ask)
      return decision.row.answer as 'settled' | 'fenced'
    },
    async bury(identity, token, outcome) {
      const ask = { on: 'bury', token, outcome } as const
      const asking = { identity, ask: () => ask, guess: undefined }
      const { decision } = await applyOne(parts, asking, 'SEMEL_OUTCOME_UNKNOWN')
      return decision.changed ? 'buried' : 'changed'
    },
    async release(lease) {
      const { decision } = await ending(parts, lease, { on: 'release', lease })
      return decision.changed ? 'released' : 'fenced'
    },
    async insert(records) {
      const answered = await applyAll(parts, records.map(inserting), 'SEMEL_OUTCOME_UNKNOWN')
      return answered.map(({ decision }) => decision.changed)
    },
    async read(identities) {
      const answered = await applyAll(parts, identities.map(looking), 'SEMEL_STORE_UNAVAILABLE')
      return answered.map(viewOf)
    },
  }
}

/** Taken for absent, unless it is parked. */
function claiming(request: ClaimRequest, terms: ClaimTerms): Asking {
  const { by, claimId, lane } = request
  const parked = by === 'parked'
  return {
    identity: request,
    ask: (behind) => ({ on: 'claim', request, terms, behind }),
    guess: parked ? undefined : 'absent',
    claim: by === 'run' ? undefined : { claimId, lane },
    message: parked,
  }
}

function claimed(
  leases: KnownLeases,
  request: ClaimRequest,
  { decision, seen, nowMs, after }: Answered,
): Claim {
  const claim = claimAnswer(decision, request, nowMs)
  if (claim.kind !== 'granted') return claim
  leases.set(request, after)
  return { ...claim, message: seen.message }
}

function inserting(record: NewRecord): Asking {
  const { fingerprint, outcome } = record
  const ask = { on: 'insert', fingerprint, outcome } as const
  return { identity: record, ask: () => ask, guess: 'absent' }
}

function owned(leases: KnownLeases, lease: Lease, ask: ReturnType<Asking['ask']>): Asking {
  return { identity: lease, ask: () => ask, guess: leases.get(lease) }
}

/** After it the lease is nobody's, or was somebody else's before. */
async function ending(
  parts: StoreParts,
  lease: Lease,
  ask: ReturnType<Asking['ask']>,
): Promise<Answered> {
  const answered = await applyOne(parts, owned(parts.leases, lease, ask), 'SEMEL_OUTCOME_UNKNOWN')
  parts.leases.set(lease, undefined)
  return answered
}

/** Asks for nothing: what is seen is the answer. */
export function looking(identity: Identity): Asking {
  return { identity, ask: () => nothing, guess: undefined }
}

/** Refused in every state, and by absent ones. */
const nothing = {
  on: 'bury',
  token: -1,
  outcome: { state: 'dead', reason: 'failed', detail: '', message: undefined },
} as const

export function viewOf({ seen, nowMs }: Answered): RecordView | undefined {
  const record: InboxRecord | undefined = seen.known?.record
  return record && { ...record, leftMs: (record.untilMs ?? nowMs) - nowMs }
}
