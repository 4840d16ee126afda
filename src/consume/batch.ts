import { type Bytes, hex } from '../inbox/bytes.ts'
import type { NewRecord } from '../inbox/claim.ts'
import type { Outcome } from '../inbox/record.ts'
import type { OpenTransaction } from '../inbox/store.ts'
import { answerOf } from '../once/known.ts'
import type { Arrival } from './arrivals.ts'
import { isInterleaved, perform } from './gears.ts'
import type { Member, Round } from './members.ts'
import type { Pace } from './pace.ts'
import { makeRounds, waitOut } from './rounds.ts'
import { hold, type Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'
import { appliedSituation, behindOutcome, parkedMessage, recordFailure, requestOf } from './work.ts'

/** One key of a batch: its first delivery, and what came with it under the same key. */
export interface Fresh extends Member {
  readonly arrival: Arrival
  readonly laneBytes: Bytes | undefined
  /** With the same fingerprint: acknowledged with it. */
  readonly copies: readonly Arrival[]
  /** With another fingerprint: looked at when the record is there. */
  readonly others: readonly Arrival[]
}

/** What becomes of one message of a batch. */
export type Fate =
  /** Durable: acknowledge it. */
  | { readonly kind: 'settled'; readonly situation: Situation; readonly joined: boolean }
  /** Tried again by itself, on the careful path. */
  | { readonly kind: 'careful' }
  /** Not begun: next time. */
  | { readonly kind: 'left'; readonly away?: boolean }

/** The fates of one transaction, once it is committed. */
interface Committed {
  readonly situations: ReadonlyMap<Fresh, Situation>
  readonly careful: ReadonlySet<Fresh>
  readonly failed: ReadonlyMap<Fresh, unknown>
  readonly joined: boolean
}

/**
 * The fast path (P8 to P10): a batch is one transaction. Insert all keys, perform those that are new, seal, commit.
 * What is not new, or fails, leaves it; what is left over has not begun. Nothing is acknowledged here, but in the
 * commit itself where source and store share one.
 */
export async function consumeBatch(
  members: readonly Fresh[],
  run: Runtime,
  pace: Pace,
  shard?: string,
): Promise<ReadonlyMap<Fresh, Fate>> {
  const fates = new Map<Fresh, Fate>(members.map((member) => [member, { kind: 'left' }]))
  for (const [member, situation] of await lookedUp(members, run))
    fates.set(member, { kind: 'settled', situation, joined: false })
  const open = members.filter((member) => fates.get(member)?.kind === 'left')
  const rounds = await makeRounds(open, run, pace, (round) => commitRound(round, run, shard))
  if (rounds.away) for (const member of open) fates.set(member, { kind: 'left', away: true })
  for (const [member, fate] of fatesOf(rounds.committed)) fates.set(member, fate)
  for (const [member, error] of rounds.failed)
    fates.set(member, await fateOfFailure(member, error, open.length === 1, run))
  return inLaneOrder(fates)
}

/** Those that are surely done: `completed`, with the same fingerprint. Of all others the insert decides. */
async function lookedUp(
  members: readonly Fresh[],
  run: Runtime,
): Promise<ReadonlyMap<Fresh, Situation>> {
  const { strategy, store } = run.flow
  if (strategy.looksFirst !== true) return new Map()
  try {
    const known = await knownSituations(store.leases, members, run)
    return new Map([...known].filter(([, situation]) => isCompleted(situation)))
  } catch {
    // Only a short cut: whoever inserts will hear what is wrong.
    return new Map()
  }
}

function isCompleted(situation: Situation): boolean {
  return situation.kind === 'duplicate' && situation.state === 'completed'
}

/** P23: nobody goes on by himself while somebody before him in his lane is not settled. */
function inLaneOrder(fates: ReadonlyMap<Fresh, Fate>): ReadonlyMap<Fresh, Fate> {
  const closed = new Set<string>()
  return new Map(
    [...fates].map(([member, fate]): [Fresh, Fate] => {
      const { lane } = member
      if (lane === undefined || fate.kind === 'settled') return [member, fate]
      const isBehind = closed.has(lane)
      closed.add(lane)
      return [member, isBehind ? { kind: 'left' } : fate]
    }),
  )
}

function* fatesOf(committed: Committed | undefined): Iterable<[Fresh, Fate]> {
  if (committed === undefined) return
  const { situations, careful, failed, joined } = committed
  for (const [member, situation] of situations)
    yield [member, { kind: 'settled', situation, joined }]
  for (const member of [...careful, ...failed.keys()]) yield [member, { kind: 'careful' }]
}

/** What failed beside others gets a transaction of its own; what had one is written down at once. */
async function fateOfFailure(
  { arrival, identity, fingerprint, laneBytes: lane }: Fresh,
  error: unknown,
  wasAlone: boolean,
  run: Runtime,
): Promise<Fate> {
  if (!wasAlone) return { kind: 'careful' }
  const parked = parkedMessage(arrival.delivery, run.flow, lane)
  try {
    const situation = await recordFailure(error, { identity, fingerprint, parked }, run)
    hold(run, 'store', false)
    if (situation.kind !== 'changed') return { kind: 'settled', situation, joined: false }
  } catch (away) {
    // Whether it is written or not: the next batch meets the record, or the message anew.
    await waitOut(away, identity, 1, run)
  }
  return { kind: 'left' }
}

function commitRound(
  round: Round<Fresh>,
  run: Runtime,
  shard: string | undefined,
): Promise<Committed> {
  const { store } = run.flow
  const { transactions } = store
  if (transactions === undefined) throw new TypeError('a batch needs transactions')
  const interleaved = isInterleaved(run.flow)
  const { performMsMax } = run.flow.limits
  const terms = { messages: round.members.length, interleaved, claims: true, performMsMax, shard }
  return transactions.open((open) => performRound(open, round, run), terms)
}

async function performRound(
  open: OpenTransaction<unknown>,
  round: Round<Fresh>,
  run: Runtime,
): Promise<Committed> {
  const { members } = round
  const behind = await membersBehind(open, members)
  const { situations, fresh, careful, left } = await insertKeys(open, members, behind, run)
  const performed = await perform({ ...round, members: fresh, open, run, lost: [] })
  const done = new Set(performed.done)
  const taken = [...left, ...fresh.filter((member) => !done.has(member))]
  if (taken.length > 0) await open.withdraw(taken.map(({ identity }) => identity))
  for (const member of performed.done) situations.set(member, appliedSituation(run, member))
  const joined = acknowledgeWithin([...situations.keys()], run)
  await open.seal(performed.done.map(({ identity }) => ({ ...identity, result: undefined })))
  return { situations, careful, failed: performed.failed, joined }
}

/** P23: read inside the transaction. What stands behind something parked is parked itself. */
async function membersBehind(
  open: OpenTransaction<unknown>,
  members: readonly Fresh[],
): Promise<ReadonlySet<Fresh>> {
  const lanes = new Map<string, Bytes>()
  for (const { lane, laneBytes } of members)
    if (lane !== undefined && laneBytes !== undefined) lanes.set(lane, laneBytes)
  if (lanes.size === 0) return new Set()
  const parked = await open.parkedIn([...lanes.values()])
  const blocked = new Set([...lanes.keys()].filter((_, at) => parked[at]))
  return new Set(members.filter(({ lane }) => lane !== undefined && blocked.has(lane)))
}

interface Inserted {
  /** Durable with this commit. */
  readonly situations: Map<Fresh, Situation>
  /** New, to be performed. */
  readonly fresh: readonly Fresh[]
  /** Known, and nothing to be acknowledged yet. */
  readonly careful: ReadonlySet<Fresh>
  /** New, but behind one of those in its lane. */
  readonly left: readonly Fresh[]
}

/** P8: a key that is not new is not thereby a duplicate: its record says what it is. */
async function insertKeys(
  open: OpenTransaction<unknown>,
  members: readonly Fresh[],
  behind: ReadonlySet<Fresh>,
  run: Runtime,
): Promise<Inserted> {
  // One for all: what differs in key and fingerprint alone can go in one statement.
  const completed = {
    state: 'completed',
    result: undefined,
    keepMs: run.flow.limits.retentionMs,
  } as const
  const records = members.map((member): NewRecord => {
    const { identity, fingerprint } = member
    const outcome = behind.has(member) ? behindOf(member, run) : completed
    return { ...identity, fingerprint, outcome }
  })
  const isNew = await open.insert(records)
  const known = members.filter((_, at) => isNew[at] !== true)
  const knowing = await knownSituations(open, known, run)
  const situations = new Map<Fresh, Situation>()
  const careful = new Set<Fresh>()
  const closed = new Set<string>()
  const fresh: Fresh[] = []
  const left: Fresh[] = []
  for (const [at, member] of members.entries()) {
    const situation = isNew[at] === true ? undefined : knowing.get(member)
    if (situation !== undefined) {
      situations.set(member, situation)
      // Somebody has parked it since its lane was looked at: what comes later waits for the next look.
      if (isParked(situation) && member.lane !== undefined) closed.add(member.lane)
    } else if (isNew[at] !== true) {
      careful.add(member)
      if (member.lane !== undefined) closed.add(member.lane)
    } else if (member.lane !== undefined && closed.has(member.lane)) left.push(member)
    else if (behind.has(member)) situations.set(member, parkedBehind)
    else fresh.push(member)
  }
  return { situations, fresh, careful, left }
}

function isParked(situation: Situation): boolean {
  return situation.kind === 'duplicate' && situation.state === 'parked'
}

const parkedBehind: Situation = {
  kind: 'parked',
  reason: 'behind',
  attempt: 0,
  retryInMs: 0,
  error: undefined,
}

/** Those that can be acknowledged; a record that has vanished again, or that asks for more, is for the careful path. */
async function knownSituations(
  open: Pick<OpenTransaction<unknown>, 'read'>,
  known: readonly Fresh[],
  { flow }: Runtime,
): Promise<ReadonlyMap<Fresh, Situation>> {
  const situations = new Map<Fresh, Situation>()
  if (known.length === 0) return situations
  const records = await open.read(known.map(({ identity }) => identity))
  for (const [at, member] of known.entries()) {
    const { identity, fingerprint } = member
    const asked = { identity, fingerprint, claimId: noClaim, alone: false, by: 'delivery' } as const
    const claim = answerOf(records[at], requestOf(asked), flow.limits)
    if (claim?.kind === 'completed' || claim?.kind === 'dead' || claim?.kind === 'parked')
      situations.set(member, { kind: 'duplicate', state: claim.kind })
  }
  return situations
}

const noClaim = new Uint8Array()

function behindOf({ arrival, laneBytes }: Fresh, { flow }: Runtime): Outcome {
  return behindOutcome(parkedMessage(arrival.delivery, flow, laneBytes))
}

/** Effect, record and acknowledgement in one commit, where source and store share a medium. */
function acknowledgeWithin(members: readonly Fresh[], { flow }: Runtime): boolean {
  if (!flow.joins || members.length === 0) return false
  const deliveries = members.flatMap(({ arrival, copies }) =>
    [arrival, ...copies].map(({ delivery }) => delivery),
  )
  return flow.source.within?.ack(deliveries) === true
}

export function laneName(lane: Bytes | undefined): string | undefined {
  return lane === undefined ? undefined : hex(lane)
}
