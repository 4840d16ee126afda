import { isSemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { Identity } from '../inbox/identity.ts'
import { retryDelay } from '../once/outcome.ts'
import { blameOf } from './blame.ts'
import type { Member, Round } from './members.ts'
import { decodeMessage } from './identify.ts'
import type { Pace } from './pace.ts'
import { report } from './report.ts'
import { about, hold, type Runtime, sleep } from './runtime.ts'
import { verdicts } from './verdict.ts'
import { storeSituation } from './work.ts'

/** Whom the rounds have put out, and why; and what was answered by the round that committed. */
export interface Rounds<M extends Member, Answer> {
  /** Undefined: nothing was committed. */
  readonly committed: Answer | undefined
  readonly members: readonly M[]
  readonly failed: ReadonlyMap<M, unknown>
  /** They have not run, or were taken back: next time. */
  readonly left: readonly M[]
  /** Their shard does not answer: others can go on meanwhile. */
  readonly away: boolean
}

const pauses = {
  away: { retryDelayMs: 20, retryDelayMsMax: 2_000 },
  soon: { retryDelayMs: 5, retryDelayMsMax: 100 },
}

/**
 * Makes rounds until one commits (P10). Who fails leaves with those behind it in its lane, the others re-run at once:
 * first with savepoints, so that any number of bad messages costs one round. The batch is halved only for failures
 * that nobody can be blamed for. An unknown outcome is asked for by the same round again.
 */
export async function makeRounds<M extends Member, Answer>(
  members: readonly M[],
  run: Runtime,
  pace: Pace,
  make: (round: Round<M>) => Promise<Answer>,
): Promise<Rounds<M, Answer>> {
  const failed = new Map<M, unknown>()
  const left: M[] = []
  let live = members
  let guarded = false
  let away = false
  for (let tries = 1; live.length > 0 && !run.stopping.aborted; tries++) {
    if (tries > 1 && !(await decodedAnew(live, run))) break
    const now: Round<M>['now'] = { member: undefined }
    const took = { handlersMs: 0 }
    const beganMs = monotonicMs()
    try {
      const committed = await make({ members: live, guarded, now, took })
      hold(run, 'store', false)
      const wholeMs = monotonicMs() - beganMs
      pace.committed({ messages: live.length, handlersMs: took.handlersMs, wholeMs })
      return { committed, members: live, failed, left, away: false }
    } catch (error) {
      const blame = blameOf(error, now.member === undefined ? live : [now.member])
      // A handler ran, so the store has answered.
      if (blame !== undefined) hold(run, 'store', false)
      if (blame?.stopped === true) break
      if (blame?.contained === true && !guarded && live.length > 1) {
        guarded = true
        continue
      }
      if (blame !== undefined && blame.failed.size > 0) {
        const out = putOut(live, blame.failed as ReadonlyMap<M, unknown>)
        for (const [member, thrown] of blame.failed) failed.set(member as M, thrown)
        left.push(...out.behind)
        live = out.rest
        continue
      }
      away = blame === undefined && isShardAway(error, run)
      if (blame === undefined && !(await waitOut(error, live[0]?.identity, tries, run))) break
      if (away) break
      if (blame === undefined && !isSemelError(error, 'SEMEL_STORE_CONTENDED')) continue
      pace.contended()
      left.push(...live.slice(Math.ceil(live.length / 2)))
      live = live.slice(0, Math.ceil(live.length / 2))
    }
  }
  return { committed: undefined, members: [], failed, left: [...left, ...live], away }
}

function isShardAway(error: unknown, { flow }: Runtime): boolean {
  return flow.store.shards !== undefined && storeSituation(error).kind === 'unavailable'
}

/** A handler may have changed what it was given: the next round gets it as it came. False: we stop. */
async function decodedAnew(members: readonly Member[], run: Runtime): Promise<boolean> {
  try {
    for (const member of members) {
      const decoded = await decodeMessage(member.raw, run.flow, run.aborting)
      if (decoded.kind === 'decoded') member.message = decoded.message
    }
    return true
  } catch {
    return false
  }
}

/** Without the failed, and without what stands behind them in their lanes. */
function putOut<M extends Member>(
  members: readonly M[],
  failed: ReadonlyMap<M, unknown>,
): { readonly rest: readonly M[]; readonly behind: readonly M[] } {
  const closed = new Set<string>()
  const rest: M[] = []
  const behind: M[] = []
  for (const member of members) {
    const { lane } = member
    if (failed.has(member)) {
      if (lane !== undefined) closed.add(lane)
    } else if (lane !== undefined && closed.has(lane)) behind.push(member)
    else rest.push(member)
  }
  return { rest, behind }
}

/** The store's own errors: reported once for the batch, and waited out. False: we stop. */
export async function waitOut(
  error: unknown,
  identity: Identity | undefined,
  tries: number,
  run: Runtime,
): Promise<boolean> {
  const situation = storeSituation(error)
  const { group, topic } = run.flow
  const base = identity === undefined ? { group, topic, key: '' } : about(run.flow, identity)
  report(situation, base.key, base, run)
  if (verdicts[situation.kind].verdict === 'stop') {
    run.breakOff(error)
    // Beginning again at once could leave the event loop no turn in which to stop.
    await sleep(pauses.away.retryDelayMsMax, run.stopping)
    return false
  }
  hold(run, 'store', situation.kind === 'unavailable')
  const pause = situation.kind === 'contended' ? pauses.soon : pauses.away
  await sleep(retryDelay(tries, pause), run.stopping)
  return true
}
