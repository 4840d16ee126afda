import { equalBytes } from '../../src/inbox/bytes.ts'
import type { Ask } from '../../src/inbox/decide.ts'
import type { InboxRecord } from '../../src/inbox/record.ts'

/** Rules that are left out on purpose, each by itself: the model must find what it costs. */
export const wrongs = [
  'the state before the fingerprint',
  'one’s own claim id counts in every state',
  'one’s own claim keeps its token',
  'deliveries run parked messages',
  'settlements without a token',
  'a fenced settlement commits all the same',
  'no conflict re-read',
  'a vanished conflict is a duplicate',
  'copies in a batch are claims of their own',
  'no seal',
  'a handler may commit',
  'the rest of a batch re-runs with its lane',
  'the rest of a careful batch re-runs with its lane',
  'marked deliveries are no suspects',
  'bodies are read before they are counted',
  'suspects run beside others',
  'alone in its consumer, not in its process',
  'every crash counts',
  'the bound travels with acknowledgements',
  'the full prefetch after a crash',
  'due are failed ones only',
  'the head wakes its followers',
  'takers do not bury',
  'takers ask with a fingerprint made anew',
  'parked ones in fast batches',
  'what left a batch does not wait for its lane',
  'what failed in company runs before what left after it',
  'a failure in company counts',
  'later ones of a lane are not parked',
  'a parked head found by the re-read closes no lane',
  'the lane look sees failed ones only',
  'the claim does not look at the lane',
  'a held head of a lane is given back by itself',
  'a held head is given back with all behind it',
  'a dead head holds its lane',
  'an early head holds its lane',
  'an unknown commit is believed',
  'burial without looking again',
  'retention shorter than redelivery',
  'the key forwarded changes with the attempt',
  'no intent before the effect',
] as const

export type Wrong = (typeof wrongs)[number]

interface Seen {
  readonly record: InboxRecord | undefined
  readonly ask: Ask
}

type Claiming = Extract<Ask, { on: 'claim' }>

const ownClaim = (record: InboxRecord | undefined, { request }: Claiming): boolean =>
  record?.claimId !== undefined && equalBytes(record.claimId, request.claimId)

/**
 * How a rule of the table is broken without touching it: the product's decision is shown something else than what
 * is there.
 */
const twists: Partial<Record<Wrong, (record: InboxRecord, ask: Ask) => Seen>> = {
  'the state before the fingerprint': (record, ask) =>
    ask.on === 'claim'
      ? { record, ask: { ...ask, request: { ...ask.request, fingerprint: record.fingerprint } } }
      : { record, ask },
  'one’s own claim id counts in every state': (record, ask) =>
    ask.on === 'claim' && ownClaim(record, ask)
      ? { record: { ...record, state: 'leased' }, ask }
      : { record, ask },
  'one’s own claim keeps its token': (record, ask) =>
    ask.on === 'claim' && ownClaim(record, ask) && record.state === 'leased'
      ? { record: { ...record, token: record.token - 1 }, ask }
      : { record, ask },
  'deliveries run parked messages': (record, ask) =>
    ask.on === 'claim' && ask.request.by === 'delivery'
      ? { record: { ...record, origin: undefined }, ask: { ...ask, behind: false } }
      : { record, ask },
  'settlements without a token': (record, ask) =>
    ask.on === 'settle' && record.claimId !== undefined
      ? {
          record,
          ask: { ...ask, lease: { ...ask.lease, token: record.token, claimId: record.claimId } },
        }
      : { record, ask },
  'every crash counts': (record, ask) => ({ record: { ...record, alone: true }, ask }),
  'takers ask with a fingerprint made anew': (record, ask) =>
    ask.on === 'claim' && ask.request.by === 'parked'
      ? { record, ask: { ...ask, request: { ...ask.request, fingerprint: Uint8Array.of(1, 0) } } }
      : { record, ask },
  'burial without looking again': (record, ask) =>
    ask.on === 'bury'
      ? {
          record: { ...record, state: 'failed', untilMs: undefined },
          ask: { ...ask, token: record.token },
        }
      : { record, ask },
}

export function twisted(wrong: Wrong | undefined, record: InboxRecord | undefined, ask: Ask): Seen {
  const twist = wrong === undefined ? undefined : twists[wrong]
  return twist === undefined || record === undefined ? { record, ask } : twist(record, ask)
}
