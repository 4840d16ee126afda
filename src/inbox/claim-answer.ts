import { unreachable } from '../errors/semel-error.ts'
import type { Claim, ClaimRequest } from './claim.ts'
import type { Decision } from './decide.ts'
import type { InboxRecord, Reason } from './record.ts'

/** The answer to a claim, as callers get it. A granted message is added by the store. */
export function claimAnswer({ row, next }: Decision, request: ClaimRequest, nowMs: number): Claim {
  const kind = row.answer as Claim['kind']
  const record = next as InboxRecord
  switch (kind) {
    case 'granted': {
      const { scope, key, readable } = request
      const { claimId } = request
      const lease = { scope, key, readable, claimId, token: record.token, attempt: record.attempts }
      return { kind, lease, message: undefined }
    }
    case 'completed':
      return { kind, result: record.result }
    case 'dead':
      return { kind, reason: record.reason ?? 'failed', detail: record.detail ?? '' }
    case 'held':
      return { kind, leftMs: Math.max(0, (record.untilMs ?? nowMs) - nowMs) }
    case 'mismatched':
      return { kind, fingerprint: record.fingerprint }
    case 'exhausted':
      return { kind, token: record.token, reason: exhaustion(record) }
    case 'parked':
    case 'behind':
    case 'suspect':
    case 'gone':
      return { kind }
    default:
      return unreachable(kind)
  }
}

function exhaustion(record: InboxRecord): Reason {
  return record.state === 'leased' ? 'crashed' : (record.reason ?? 'failed')
}
