import type { Claim } from '../inbox/claim.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { identityName } from '../inbox/identity.ts'
import type { Lease, ParkedMessage } from '../inbox/record.ts'
import type { DueMessage, Settlement } from '../inbox/store.ts'
import { askAgain } from '../once/again.ts'
import { newClaimId } from '../once/careful.ts'
import { tryEnterKey } from '../once/in-flight.ts'
import type { KeptLease } from '../once/lease-keeper.ts'
import { outcomeOfFailure } from '../once/outcome.ts'
import { laneName } from './batch.ts'
import { Blame } from './blame.ts'
import { isInterleaved, perform } from './gears.ts'
import { decodeMessage } from './identify.ts'
import type { Member, Round } from './members.ts'
import type { Pace } from './pace.ts'
import { makeRounds } from './rounds.ts'
import { report } from './report.ts'
import { about, hold, type Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'
import {
  appliedSituation,
  performUnder,
  refused,
  requestOf,
  settledSituation,
  type Work,
} from './work.ts'

/** One parked message that is leased and decoded. */
interface Taken extends Member {
  readonly due: DueMessage
  readonly lease: Lease
  readonly sinceMs: number
  readonly kept: KeptLease
}

/**
 * Takes parked messages that are due in one batch on the careful path: one commit that leases them all, each attempt
 * counted, and one for all effects and settlements. So a message that ends the process is found among them, as any
 * other is: a clean `failed` record would never tell (P12, P15).
 */
export async function consumeParkedBatch(
  due: readonly DueMessage[],
  pace: Pace,
  run: Runtime,
): Promise<void> {
  const free = due.map((one) => tryEnterKey(run.flow.store, identityName(one)))
  const entered = due.filter((_, at) => free[at] !== undefined)
  const kept: KeptLease[] = []
  try {
    await performAll(await claimAll(entered, kept, run), pace, run)
  } finally {
    for (const { release } of kept) release()
    for (const leave of free) leave?.()
  }
}

async function performAll(taken: readonly Taken[], pace: Pace, run: Runtime): Promise<void> {
  const rounds = await makeRounds(taken, run, pace, (round) => commitRound(round, run))
  const done = new Set(rounds.committed?.done)
  for (const member of done) note(member.due, appliedSituation(run, member), run)
  const failed = new Map([...rounds.failed, ...(rounds.committed?.failed ?? [])])
  const first = firstsOfLanes(taken.filter((member) => !done.has(member)))
  // Out of time, or behind one that is not done: as if they had not begun.
  const rest = taken.filter((one) => !done.has(one) && !(first.has(one) && failed.has(one)))
  await Promise.all(rest.map(({ lease }) => run.flow.store.leases.release(lease)))
  for (const [member, error] of failed)
    if (first.has(member))
      note(member.due, await afterFailure(member, error, taken.length === 1, run), run)
}

/** P23: of those that are not done, whoever has nobody before him in his lane. */
function firstsOfLanes(members: readonly Taken[]): ReadonlySet<Taken> {
  const closed = new Set<string>()
  return new Set(
    members.filter(({ lane }) => {
      if (lane === undefined) return true
      const isFirst = !closed.has(lane)
      closed.add(lane)
      return isFirst
    }),
  )
}

/** What failed beside others gets a transaction of its own, under the same lease (P10). */
async function afterFailure(
  member: Taken,
  error: unknown,
  wasAlone: boolean,
  run: Runtime,
): Promise<Situation> {
  if (error === fenced) return { kind: 'fenced' }
  const { lease, sinceMs, kept } = member
  const decoded = await decodeMessage(member.raw, run.flow, run.aborting)
  if (decoded.kind === 'decoded') member.message = decoded.message
  if (!wasAlone) return performUnder(lease, sinceMs, workOf(member, run), run, { kept })
  const { limits, store } = run.flow
  const { attempt } = lease
  const { expired } = workOf(member, run)
  const counted = !run.circuit.isOpen()
  const outcome = outcomeOfFailure({ error, attempt, message: undefined, counted, expired }, limits)
  const settled = await store.leases.settle(lease, outcome)
  return settled === 'settled' ? settledSituation(outcome, attempt, error) : { kind: 'fenced' }
}

function workOf({ due, identity, message, lease }: Taken, { flow }: Runtime): Work {
  const { fingerprint, waitedMs } = due
  const { claimId } = lease
  const expired = waitedMs > flow.limits.earlyMsMax
  const fixed = { by: 'parked', alone: false, parked: undefined, acknowledge: undefined } as const
  return { identity, fingerprint, message, claimId, expired, ...fixed }
}

function note(due: DueMessage, situation: Situation, run: Runtime): void {
  report(situation, identityName(due), about(run.flow, due), run)
}

/** All under one claim id, so that those of one lane can go together (P23). */
async function claimAll(
  due: readonly DueMessage[],
  kept: KeptLease[],
  run: Runtime,
): Promise<readonly Taken[]> {
  const { store, limits } = run.flow
  const claimId = newClaimId()
  const asked = due.map(({ scope, key, readable, fingerprint }) => {
    const identity = { scope, key, readable }
    return {
      identity,
      fingerprint,
      claimId,
      alone: false,
      by: 'parked',
      parked: undefined,
    } as const
  })
  const sinceMs = monotonicMs()
  if (due.length === 0) return []
  const claims = await askAgain(() => store.leases.claim(asked.map(requestOf), limits))
  const taken: Taken[] = []
  for (const [at, claim] of claims.entries()) {
    const one = due[at]
    const ask = asked[at]
    if (one === undefined || ask === undefined) continue
    if (claim.kind !== 'granted') note(one, await refused(claim, ask, run.flow), run)
    else if (claim.message !== undefined) {
      const granted = { ...claim, message: claim.message, sinceMs }
      const own = run.keeper.keep(claim.lease, sinceMs)
      kept.push(own)
      const decoded = await decodedTaken(one, granted, own, run)
      if (decoded !== undefined) taken.push(decoded)
    }
  }
  hold(run, 'store', false)
  return taken
}

type Granted = Extract<Claim, { kind: 'granted' }> & {
  readonly message: ParkedMessage
  readonly sinceMs: number
}

/** Undefined: nobody can read it, and a person has to look. */
async function decodedTaken(
  due: DueMessage,
  { lease, message: raw, sinceMs }: Granted,
  kept: KeptLease,
  run: Runtime,
): Promise<Taken | undefined> {
  const decoded = await decodeMessage(raw, run.flow, run.aborting)
  if (decoded.kind === 'undecoded') {
    const { reason, detail } = decoded
    const outcome = { state: 'dead', reason, detail, message: undefined } as const
    await run.flow.store.leases.settle(lease, outcome)
    note(due, { kind: 'dead', reason, detail }, run)
    return undefined
  }
  const { scope, key, readable } = lease
  const identity = { scope, key, readable }
  const { message } = decoded
  const { fingerprint } = due
  const name = identityName(identity)
  const lane = laneName(due.lane)
  const member = { identity, name, fingerprint, raw, message, lane, attempt: lease.attempt }
  return { ...member, due, lease, sinceMs, kept }
}

/** Stands for the error of one whose lease was taken over (P7). */
const fenced = Symbol('fenced')

interface Committed {
  readonly done: readonly Taken[]
  readonly failed: ReadonlyMap<Taken, unknown>
}

function commitRound(round: Round<Taken>, run: Runtime): Promise<Committed> {
  const { members } = round
  const { store, limits } = run.flow
  if (store.transactions === undefined) throw new TypeError('a batch needs transactions')
  const overtaken = members.filter(({ kept }) => kept.signal.aborted)
  if (overtaken.length > 0)
    throw new Blame(new Map(overtaken.map((one) => [one, fenced])), false, false)
  const lost = [AbortSignal.any(members.map(({ kept }) => kept.signal))]
  return store.transactions.open(
    async (open) => {
      const performed = await perform({ ...round, open, run, lost })
      const settlements = performed.done.map(({ lease }): Settlement => {
        const outcome = {
          state: 'completed',
          result: undefined,
          keepMs: limits.retentionMs,
        } as const
        return { lease, outcome }
      })
      const answers = await open.settle(settlements)
      const lates = performed.done.filter((_, at) => answers[at] !== 'settled')
      if (lates.length > 0)
        throw new Blame(new Map(lates.map((one) => [one, fenced])), false, false)
      return performed
    },
    {
      messages: members.length,
      interleaved: isInterleaved(run.flow),
      performMsMax: limits.performMsMax,
      of: members[0]?.lease,
    },
  )
}
