import type { Claim, ClaimRequest, ClaimTerms } from '../inbox/claim.ts'
import { claimAnswer } from '../inbox/claim-answer.ts'
import { decide } from '../inbox/decide.ts'
import type { RecordView } from '../inbox/record.ts'

/**
 * What a claim of this record would be answered, read off the record; undefined where only a real claim can
 * tell, because it would be granted.
 */
export function answerOf(
  record: RecordView | undefined,
  request: ClaimRequest,
  terms: ClaimTerms,
): Claim | undefined {
  if (record === undefined) return undefined
  const nowMs = (record.untilMs ?? 0) - record.leftMs
  const decision = decide(record, request, { on: 'claim', request, terms, behind: false }, nowMs)
  return decision.changed ? undefined : claimAnswer(decision, request, nowMs)
}
