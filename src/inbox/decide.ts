import { unreachable } from '../errors/semel-error.ts'
import { type Bytes, equalBytes } from './bytes.ts'
import type { ClaimRequest, ClaimTerms } from './claim.ts'
import { correctedFingerprint, differs } from './fingerprint.ts'
import type { Identity } from './identity.ts'
import { keyKinds } from './key.ts'
import { type InboxRecord, isParked, type Lease, type Outcome, type Reason } from './record.ts'
import { type Guard, type Transition, transitions } from './transitions.ts'

/** What somebody asks of one record. */
export type Ask =
  | {
      readonly on: 'claim'
      readonly request: ClaimRequest
      readonly terms: ClaimTerms
      /**
       * Whether a parked message of its lane stands before it, other than those leased under the same claim id;
       * looked up by the store in the same step (P23).
       */
      readonly behind: boolean
    }
  | { readonly on: 'insert'; readonly fingerprint: Bytes; readonly outcome: Outcome }
  | {
      readonly on: 'settle'
      readonly lease: Lease
      readonly outcome: Outcome
      /** Whether the same settlement again is answered `settled`: only where it is alone in its commit (P7). */
      readonly repeatable: boolean
    }
  | { readonly on: 'renew'; readonly lease: Lease; readonly leaseMs: number }
  | { readonly on: 'release'; readonly lease: Lease }
  | { readonly on: 'bury'; readonly token: number; readonly outcome: Outcome }
  | { readonly on: 'prune' }
  | { readonly on: 'redrive'; readonly body?: Bytes; readonly callAgain?: boolean }
  | { readonly on: 'skip'; readonly keepMs: number; readonly detail: string }
  | { readonly on: 'free' | 'forget' }

/** The row that decided, and the record after it; `next` is undefined for absent. */
export interface Decision {
  readonly row: Transition
  readonly next: InboxRecord | undefined
  readonly changed: boolean
  /** Whether its message takes a place at the end of its lane: the store knows which. */
  readonly joins: boolean
}

interface Facts {
  readonly record: InboxRecord | undefined
  readonly ask: Ask
  readonly nowMs: number
}

const guards: Readonly<Record<Guard, (facts: Facts) => boolean>> = {
  'another fingerprint': ({ record, ask }) =>
    ask.on === 'claim' &&
    record !== undefined &&
    differs(record.fingerprint, ask.request.fingerprint),
  'by a taker': ({ ask }) => ask.on === 'claim' && ask.request.by === 'parked',
  'by a delivery': ({ ask }) => ask.on === 'claim' && ask.request.by === 'delivery',
  'by run()': ({ ask }) => ask.on === 'claim' && ask.request.by === 'run',
  parked: ({ record }) => record !== undefined && isParked(record),
  'not parked': ({ record }) => record === undefined || !isParked(record),
  'own claim': ({ record, ask }) =>
    ask.on === 'claim' && sameBytes(record?.claimId, ask.request.claimId),
  'own lease': ({ record, ask }) => 'lease' in ask && owns(record, ask.lease),
  'own settlement': ({ record, ask }) =>
    ask.on === 'settle' &&
    ask.repeatable &&
    owns(record, ask.lease) &&
    record?.state === ask.outcome.state,
  'time passed': ({ record, nowMs }) => record?.untilMs === undefined || record.untilMs <= nowMs,
  'attempts used up': ({ record, ask }) =>
    ask.on === 'claim' && startsThatCount(record) >= ask.terms.attemptsMax,
  'not alone': ({ ask }) => ask.on === 'claim' && !ask.request.alone && ask.request.by !== 'run',
  'first attempt': ({ record }) => (record?.attempts ?? 0) <= 1,
  'under its bytes': ({ record }) => record?.key[0] === keyKinds.raw,
  'token as seen': ({ record, ask }) => ask.on === 'bury' && record?.token === ask.token,
  'behind in its lane': ({ ask }) => ask.on === 'claim' && ask.behind,
}

/** What becomes of a record when somebody asks. Pure: the store reads before and writes after, in one step. */
export function decide(
  record: InboxRecord | undefined,
  target: Identity,
  ask: Ask,
  nowMs: number,
): Decision {
  const facts = { record, ask, nowMs }
  const row = transitions.find(
    ({ on, from, when }) =>
      on === ask.on &&
      from.includes(record?.state ?? 'absent') &&
      when.every((guard) => guards[guard](facts)),
  )
  if (row === undefined) return unchanged(refusals[ask.on], record)
  if (row.to === undefined) return unchanged(row, record)
  if (row.to === 'absent') return { row, next: undefined, changed: true, joins: false }
  const next = moved(row, target, facts)
  return { row, next, changed: true, joins: joinsLane(record, next, ask) }
}

function unchanged(row: Transition, next: InboxRecord | undefined): Decision {
  return { row, next, changed: false, joins: false }
}

/** What is answered when no row fits: the guards of the caller were about somebody else's record. */
const refusals: Readonly<Record<Ask['on'], Transition>> = {
  claim: refusal('claim', 'gone'),
  insert: refusal('insert', 'conflict'),
  settle: refusal('settle', 'fenced'),
  renew: refusal('renew', 'fenced'),
  release: refusal('release', 'fenced'),
  bury: refusal('bury', 'changed'),
  prune: refusal('prune', 'kept'),
  redrive: refusal('redrive', 'refused'),
  skip: refusal('skip', 'refused'),
  free: refusal('free', 'refused'),
  forget: refusal('forget', 'refused'),
}

function refusal(on: Ask['on'], answer: string): Transition {
  return { on, from: [], when: [], answer }
}

function moved(row: Transition, target: Identity, facts: Facts): InboxRecord {
  const { record, ask, nowMs } = facts
  const before = record ?? fresh(target)
  const next = {
    ...before,
    ...stateAfter(before, ask, nowMs),
    token: before.token + (row.token === 'raised' ? 1 : 0),
    attempts: attemptsAfter(row, before, ask),
    changedMs: ask.on === 'renew' ? before.changedMs : nowMs,
  }
  const kept = row.message === 'dropped' ? unkept : keptAfter(before, ask)
  return { ...next, ...kept, place: standsInLane({ ...next, ...kept }) ? before.place : undefined }
}

const unkept = { origin: undefined, lane: undefined } as const

function fresh({ scope, key, readable }: Identity): InboxRecord {
  return {
    scope,
    key,
    readable,
    state: 'leased',
    token: 0,
    claimId: undefined,
    attempts: 0,
    alone: false,
    untilMs: undefined,
    fingerprint: new Uint8Array(),
    result: undefined,
    reason: undefined,
    detail: undefined,
    origin: undefined,
    lane: undefined,
    place: undefined,
    changedMs: 0,
  }
}

function stateAfter(before: InboxRecord, ask: Ask, nowMs: number): Partial<InboxRecord> {
  switch (ask.on) {
    case 'claim': {
      const { fingerprint, claimId, alone } = ask.request
      const untilMs = nowMs + ask.terms.leaseMs
      const first = before.token === 0 ? { fingerprint } : {}
      return { ...first, state: 'leased', claimId, alone, untilMs }
    }
    case 'insert':
      return { fingerprint: ask.fingerprint, ...settled(ask.outcome, nowMs) }
    case 'settle':
      return settled(ask.outcome, nowMs)
    case 'renew':
      return { untilMs: nowMs + ask.leaseMs }
    case 'bury':
      return { ...settled(ask.outcome, nowMs), claimId: undefined }
    case 'release':
      return { ...failedNow('released', nowMs), claimId: undefined }
    case 'free':
      return { ...failedNow('released', nowMs), claimId: undefined }
    case 'redrive': {
      const fingerprint = ask.body
        ? correctedFingerprint(before.fingerprint, ask.body)
        : before.fingerprint
      return { ...failedNow('redriven', nowMs), claimId: undefined, fingerprint }
    }
    case 'skip': {
      const { keepMs, detail } = ask
      const untilMs = nowMs + keepMs
      return { state: 'completed', untilMs, result: undefined, detail, claimId: undefined }
    }
    case 'prune':
    case 'forget':
      return {}
    default:
      return unreachable(ask)
  }
}

function settled(outcome: Outcome, nowMs: number): Partial<InboxRecord> {
  const cleared = { result: undefined, reason: undefined, detail: undefined }
  switch (outcome.state) {
    case 'completed': {
      const { state, result, keepMs } = outcome
      return { ...cleared, state, result, untilMs: nowMs + keepMs }
    }
    case 'failed': {
      const { state, reason, detail, retryInMs } = outcome
      return { ...cleared, state, reason, detail, untilMs: nowMs + retryInMs }
    }
    case 'dead': {
      const { state, reason, detail } = outcome
      return { ...cleared, state, reason, detail, untilMs: undefined }
    }
    default:
      return unreachable(outcome)
  }
}

function failedNow(reason: Reason, nowMs: number): Partial<InboxRecord> {
  return { state: 'failed', reason, untilMs: nowMs, result: undefined }
}

function attemptsAfter({ attempts }: Transition, before: InboxRecord, ask: Ask): number {
  switch (attempts) {
    case undefined:
      return before.attempts
    case 'counted':
      return before.attempts + 1
    case 'recounted':
      return startsThatCount(before) + 1
    case 'uncounted':
      return Math.max(0, before.attempts - 1)
    case 'cleared':
      return 0
    case 'as asked': {
      const made = ask.on === 'insert' ? 1 : before.attempts
      return 'outcome' in ask && counts(ask.outcome) ? made : Math.max(0, made - 1)
    }
    default:
      return unreachable(attempts)
  }
}

function counts(outcome: Outcome): boolean {
  return outcome.state !== 'failed' || outcome.counted
}

/** P4: a completed record drops its message; every other keeps it, or gets the one that is given. */
function keptAfter(before: InboxRecord, ask: Ask): Pick<InboxRecord, 'origin' | 'lane'> {
  const { origin, lane } = before
  if (!('outcome' in ask)) return { origin, lane }
  if (ask.outcome.state === 'completed') return unkept
  const given = origin === undefined ? ask.outcome.message : undefined
  return given === undefined ? { origin, lane } : { origin: given.origin, lane: given.lane }
}

/** P23, P25: what is dead or came too early holds nobody up. */
function standsInLane(record: Omit<InboxRecord, 'place'>): boolean {
  const { lane, state, reason } = record
  return lane !== undefined && state !== 'dead' && !(state === 'failed' && reason === 'early')
}

/** Whoever is parked in a lane comes last, and so does who is redriven; who has left it stays out. */
function joinsLane(before: InboxRecord | undefined, next: InboxRecord, { on }: Ask): boolean {
  const parked = before?.origin === undefined && next.origin !== undefined
  return (parked || on === 'redrive') && standsInLane(next)
}

/** P15: the start that a crash ended counts only if it ran alone. */
function startsThatCount(record: InboxRecord | undefined): number {
  if (record === undefined) return 0
  return record.state === 'leased' && !record.alone ? record.attempts - 1 : record.attempts
}

function owns(record: InboxRecord | undefined, { claimId, token }: Lease): boolean {
  return record?.token === token && sameBytes(record.claimId, claimId)
}

function sameBytes(one: Bytes | undefined, other: Bytes): boolean {
  return one !== undefined && equalBytes(one, other)
}
