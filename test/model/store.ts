import { equalBytes } from '../../src/inbox/bytes.ts'
import { claimAnswer } from '../../src/inbox/claim-answer.ts'
import type { Claim, ClaimRequest, ClaimTerms, NewRecord } from '../../src/inbox/claim.ts'
import { type Ask, type Decision, decide } from '../../src/inbox/decide.ts'
import type { InboxRecord, Outcome, RecordView } from '../../src/inbox/record.ts'
import { answerOf } from '../../src/once/known.ts'
import { watchAnswer, watchChange } from './invariants.ts'
import type { Model, Place, World } from './kinds.ts'
import { endOfLane, inLane } from './lane.ts'
import { leaseMs, messageOf, nobodys, nowMs } from './records.ts'
import { happened } from './world.ts'
import { twisted } from './wrong.ts'

export function termsOf({ scenario }: Model): ClaimTerms {
  return { leaseMs, attemptsMax: scenario.attemptsMax }
}

export function completed(): Outcome {
  return { state: 'completed', result: undefined, keepMs: 1_000 }
}

/** Every change of a record: the product's own decision, and what must hold about it. */
export function put(model: Model, world: World, at: number, asked: Ask): Decision {
  const record = world.records[at]
  const target = model.identities[at]
  if (target === undefined) throw new RangeError(`no identity ${at}`)
  const seen = twisted(model.wrong, record, asked)
  const decision = decide(seen.record, target, seen.ask, nowMs)
  watchAnswer(model, world, at, { ...seen, asked }, decision)
  if (!decision.changed) return decision
  const { next, joins } = decision
  const placed = next && joins ? { ...next, place: endOfLane(world) } : next
  world.records[at] = placed
  watchChange(model, world, at, {
    before: record,
    after: placed,
    ask: asked,
    answer: decision.row.answer,
  })
  return decision
}

export interface Claiming {
  readonly message: number
  readonly place: Place
  readonly alone: boolean
  readonly by: ClaimRequest['by']
}

export function requestOf(model: Model, { message, place, alone, by }: Claiming): ClaimRequest {
  const { key, lane } = messageOf(model, message)
  const identity = model.identities[key]
  const fingerprint = model.fingerprints[message]
  const claimId = model.claimIds[place.process]?.[place.slot]
  const parked = model.parked[message]
  if (identity === undefined || fingerprint === undefined || claimId === undefined)
    throw new RangeError('an unknown message')
  return {
    ...identity,
    fingerprint,
    claimId,
    alone,
    by,
    lane: by === 'delivery' && lane ? parked?.lane : undefined,
  }
}

export function claim(model: Model, world: World, claiming: Claiming): Claim {
  const request = requestOf(model, claiming)
  const { key } = messageOf(model, claiming.message)
  const behind = isBehind(model, world, key, request)
  const terms = termsOf(model)
  const decision = put(model, world, key, { on: 'claim', request, terms, behind })
  happened(model, `claim: ${decision.row.answer}`)
  return claimAnswer(decision, request, nowMs)
}

/** What a claim would be answered, without asking; undefined: it would be granted. */
export function known(model: Model, world: World, claiming: Claiming): Claim | undefined {
  const { key } = messageOf(model, claiming.message)
  return answerOf(viewOf(world.records[key]), requestOf(model, claiming), termsOf(model))
}

function viewOf(record: InboxRecord | undefined): RecordView | undefined {
  return record && { ...record, leftMs: (record.untilMs ?? nowMs) - nowMs }
}

/** P23, looked up in the same step as the claim. */
function isBehind(model: Model, world: World, key: number, request: ClaimRequest): boolean {
  if (model.wrong === 'the claim does not look at the lane') return false
  const record = world.records[key]
  const kept = record?.origin !== undefined
  const lane = kept ? record.lane : request.lane
  if (lane === undefined) return false
  const before = kept ? (record.place ?? 0) : Number.POSITIVE_INFINITY
  return inLane(model, world).some(
    (other) =>
      (other.place ?? 0) < before &&
      !(
        other.state === 'leased' &&
        other.claimId !== undefined &&
        equalBytes(other.claimId, request.claimId)
      ),
  )
}

/** The place is free again: whoever comes next has a claim id of its own. */
export function forgetClaims(model: Model, world: World, place: Place): void {
  const claimId = model.claimIds[place.process]?.[place.slot]
  for (const [at, record] of world.records.entries())
    if (record !== undefined && record.claimId === claimId)
      world.records[at] = { ...record, claimId: nobodys }
}

export function insertRecord(
  model: Model,
  world: World,
  message: number,
  outcome: Outcome,
  at: number = messageOf(model, message).key,
): { readonly answer: string } {
  const fingerprint: NewRecord['fingerprint'] = model.fingerprints[message] ?? new Uint8Array()
  return put(model, world, at, { on: 'insert', fingerprint, outcome }).row
}
