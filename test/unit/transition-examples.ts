import { keyKinds } from '../../src/inbox/key.ts'
import { compose, utf8 } from '../../src/inbox/bytes.ts'
import type { ClaimRequest } from '../../src/inbox/claim.ts'
import type { Ask } from '../../src/inbox/decide.ts'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { InboxRecord, Lease, Outcome, ParkedMessage } from '../../src/inbox/record.ts'

export const nowMs = 1_000_000
export const target: ReturnType<typeof identityOf> = identityOf(
  encodeScope({ group: 'g', keyspace: 'orders' }),
  'A-1',
)

export const mine: Uint8Array = utf8('claim of mine')
const theirs = utf8('claim of theirs')
const fingerprint = bodyFingerprint(utf8('{}'))
const origin = compose([utf8('g'), utf8('orders'), utf8('')])
const parkedMessage: ParkedMessage = {
  origin,
  id: 'm-1',
  topic: 'orders',
  tag: undefined,
  key: undefined,
  headers: {},
  sentAtMs: undefined,
  body: utf8('{}'),
  lane: undefined,
}

const leased: InboxRecord = {
  ...target,
  state: 'leased',
  token: 5,
  claimId: mine,
  attempts: 2,
  alone: true,
  untilMs: nowMs + 1,
  fingerprint,
  result: undefined,
  reason: undefined,
  detail: undefined,
  origin: undefined,
  lane: undefined,
  place: undefined,
  changedMs: 7,
}
const failed: InboxRecord = { ...leased, state: 'failed', reason: 'failed', detail: 'no' }

type Standing =
  | 'leased'
  | 'ended'
  | 'endedBeside'
  | 'failed'
  | 'due'
  | 'completed'
  | 'forgettable'
  | 'dead'

/** A record in each state, and in the variants that a guard tells apart. */
export const before: Readonly<Record<Standing, InboxRecord>> = {
  leased,
  ended: { ...leased, untilMs: nowMs },
  endedBeside: { ...leased, untilMs: nowMs, alone: false },
  failed,
  due: { ...failed, untilMs: nowMs },
  completed: { ...leased, state: 'completed' },
  forgettable: { ...leased, state: 'completed', untilMs: nowMs },
  dead: { ...failed, state: 'dead', untilMs: undefined },
}

const parked = <R extends InboxRecord>(record: R): R => ({ ...record, origin })

/** What a lease can end in: completed, failed and counted, failed and not counted, dead. */
export const outcomes: readonly [Outcome, Outcome, Outcome, Outcome] = [
  { state: 'completed', result: '1', keepMs: 60_000 },
  {
    state: 'failed',
    reason: 'failed',
    detail: 'no',
    retryInMs: 9,
    counted: true,
    message: parkedMessage,
  },
  {
    state: 'failed',
    reason: 'early',
    detail: '',
    retryInMs: 9,
    counted: false,
    message: parkedMessage,
  },
  { state: 'dead', reason: 'permanent', detail: 'no', message: parkedMessage },
]
const [completes, fails, early, dies] = outcomes

export function claimed(request: Partial<ClaimRequest>, attemptsMax = 16, behind = false): Ask {
  const terms = { leaseMs: 1_000, attemptsMax }
  return {
    on: 'claim',
    request: { ...target, fingerprint, claimId: theirs, alone: false, by: 'delivery', ...request },
    terms,
    behind,
  }
}

const lease: Lease = { ...target, claimId: mine, token: 5, attempt: 2 }
const settled = (outcome: Outcome): Ask => ({ on: 'settle', lease, outcome, repeatable: true })
const inserted = (outcome: Outcome): Ask => ({ on: 'insert', fingerprint, outcome })
const otherFingerprint = bodyFingerprint(utf8('{"other":1}'))

export interface Example {
  /** Of the table, from 1. */
  readonly row: number
  readonly record: InboxRecord | undefined
  readonly ask: Ask
  /** After it. */
  readonly attempts?: number
}

/** At least one for each row of `transitions`. */
export const examples: readonly Example[] = [
  { row: 1, record: undefined, ask: claimed({ by: 'parked' }) },
  { row: 2, record: undefined, ask: claimed({}, 16, true) },
  { row: 3, record: undefined, ask: claimed({}), attempts: 1 },
  { row: 3, record: undefined, ask: claimed({ by: 'run' }), attempts: 1 },
  ...Object.values(before).map((record) => ({
    row: 4,
    record,
    ask: claimed({ fingerprint: otherFingerprint }),
  })),
  // also its own lease, also for a taker, also when its attempts are used up
  { row: 4, record: leased, ask: claimed({ fingerprint: otherFingerprint, claimId: mine }) },
  {
    row: 4,
    record: parked(before.due),
    ask: claimed({ fingerprint: otherFingerprint, by: 'parked' }),
  },
  { row: 4, record: before.due, ask: claimed({ fingerprint: otherFingerprint }, 1) },
  { row: 5, record: leased, ask: claimed({ claimId: mine }), attempts: 2 },
  { row: 5, record: before.endedBeside, ask: claimed({ claimId: mine }), attempts: 2 },
  { row: 5, record: parked(leased), ask: claimed({ claimId: mine, by: 'parked' }), attempts: 2 },
  { row: 6, record: before.due, ask: claimed({ by: 'parked' }) },
  { row: 6, record: before.completed, ask: claimed({ by: 'parked' }) },
  { row: 6, record: parked(before.dead), ask: claimed({ by: 'parked' }) },
  { row: 7, record: before.completed, ask: claimed({}) },
  { row: 7, record: before.forgettable, ask: claimed({ claimId: mine }) },
  { row: 8, record: before.dead, ask: claimed({}) },
  { row: 8, record: parked(before.dead), ask: claimed({ claimId: mine, by: 'run' }) },
  { row: 9, record: parked(before.due), ask: claimed({ by: 'run' }) },
  { row: 9, record: parked(leased), ask: claimed({ by: 'run' }) },
  { row: 10, record: parked(before.due), ask: claimed({}) },
  { row: 10, record: parked(failed), ask: claimed({}) },
  { row: 10, record: parked(leased), ask: claimed({}) },
  { row: 10, record: parked(before.ended), ask: claimed({ alone: true }, 1) },
  { row: 11, record: parked(before.due), ask: claimed({ by: 'parked' }, 16, true) },
  { row: 11, record: parked(before.ended), ask: claimed({ by: 'parked', alone: true }, 2, true) },
  { row: 11, record: before.due, ask: claimed({}, 16, true) },
  { row: 12, record: before.due, ask: claimed({}, 2) },
  { row: 12, record: before.ended, ask: claimed({}, 2) },
  { row: 12, record: parked(before.due), ask: claimed({ by: 'parked' }, 2) },
  { row: 13, record: before.ended, ask: claimed({}) },
  { row: 13, record: before.endedBeside, ask: claimed({}, 2) },
  { row: 13, record: parked(before.ended), ask: claimed({ by: 'parked' }) },
  { row: 14, record: before.ended, ask: claimed({ alone: true }), attempts: 3 },
  { row: 14, record: before.endedBeside, ask: claimed({ alone: true }, 2), attempts: 2 },
  { row: 14, record: before.ended, ask: claimed({ by: 'run' }), attempts: 3 },
  { row: 15, record: before.due, ask: claimed({}), attempts: 3 },
  { row: 15, record: parked(before.due), ask: claimed({ by: 'parked' }), attempts: 3 },
  { row: 16, record: leased, ask: claimed({}) },
  { row: 16, record: leased, ask: claimed({}, 1) },
  { row: 16, record: failed, ask: claimed({ claimId: mine }) },
  { row: 16, record: parked(failed), ask: claimed({ by: 'parked' }) },
  { row: 17, record: undefined, ask: inserted(completes), attempts: 1 },
  { row: 17, record: undefined, ask: inserted(fails), attempts: 1 },
  { row: 17, record: undefined, ask: inserted(early), attempts: 0 },
  { row: 17, record: undefined, ask: inserted(dies), attempts: 1 },
  ...Object.values(before).map((record) => ({ row: 18, record, ask: inserted(completes) })),
  { row: 19, record: leased, ask: settled(completes), attempts: 2 },
  { row: 19, record: before.ended, ask: settled(fails), attempts: 2 },
  { row: 19, record: leased, ask: settled(early), attempts: 1 },
  { row: 19, record: parked(leased), ask: settled(dies), attempts: 2 },
  { row: 20, record: before.completed, ask: settled(completes) },
  { row: 20, record: failed, ask: settled(fails) },
  { row: 20, record: before.dead, ask: settled(dies) },
  { row: 21, record: leased, ask: { on: 'renew', lease, leaseMs: 1_000 }, attempts: 2 },
  { row: 21, record: before.ended, ask: { on: 'renew', lease, leaseMs: 1_000 }, attempts: 2 },
  { row: 22, record: { ...leased, attempts: 1 }, ask: { on: 'release', lease } },
  {
    row: 23,
    record: { ...leased, key: Uint8Array.of(keyKinds.raw, 1) },
    ask: { on: 'release', lease },
  },
  { row: 24, record: leased, ask: { on: 'release', lease }, attempts: 1 },
  {
    row: 24,
    record: parked({ ...leased, attempts: 1 }),
    ask: { on: 'release', lease },
    attempts: 0,
  },
  { row: 25, record: before.due, ask: { on: 'bury', token: 5, outcome: dies }, attempts: 2 },
  { row: 25, record: before.ended, ask: { on: 'bury', token: 5, outcome: dies }, attempts: 2 },
  { row: 26, record: before.forgettable, ask: { on: 'prune' } },
  { row: 27, record: before.dead, ask: { on: 'redrive' }, attempts: 0 },
  { row: 27, record: failed, ask: { on: 'redrive', body: utf8('{"fixed":1}') }, attempts: 0 },
  {
    row: 28,
    record: parked(before.dead),
    ask: { on: 'skip', keepMs: 1, detail: 'by hand' },
    attempts: 2,
  },
  { row: 28, record: failed, ask: { on: 'skip', keepMs: 1, detail: 'by hand' }, attempts: 2 },
  { row: 29, record: leased, ask: { on: 'free' }, attempts: 2 },
  ...Object.values(before).map((record): Example => ({ row: 30, record, ask: { on: 'forget' } })),
]
