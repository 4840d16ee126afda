import { equalBytes } from '../inbox/bytes.ts'
import { identityName } from '../inbox/identity.ts'
import { tryEnterKey } from '../once/in-flight.ts'
import type { Arrival } from './arrivals.ts'
import { consumeBatch, type Fate, type Fresh } from './batch.ts'
import { acknowledgeAll } from './deliver.ts'
import { admitted, enterUnlessStopping } from './drive.ts'
import type { Pace } from './pace.ts'
import { report } from './report.ts'
import { waitOut } from './rounds.ts'
import { about, type Runtime, sleep } from './runtime.ts'

/** Where arrivals go that leave a batch. */
export interface Ends {
  ended(arrival: Arrival): void
  /** On the careful path, by itself. */
  alone(arrival: Arrival): void
  /** First in line again. */
  putBack(arrivals: readonly Arrival[]): void
}

/** One batch from its admission to its acknowledgement. */
export async function flight(
  chosen: readonly Arrival[],
  ends: Ends,
  pace: Pace,
  run: Runtime,
): Promise<void> {
  const count = await admitted(run, chosen.length)
  ends.putBack(chosen.slice(count))
  const arrivals = chosen.slice(0, count)
  const leave = arrivals.length === 0 ? undefined : await enterUnlessStopping(false, run)
  // Stopped meanwhile: nothing has begun, everything comes again.
  if (leave === undefined) return ends.putBack(arrivals)
  const boarding = board(arrivals, run)
  const left = [...boarding.left]
  run.running += arrivals.length
  let fates: ReadonlyMap<Fresh, Fate>
  try {
    const { shard, members, others } = await onOneShard(boarding.members, run)
    left.push(
      ...others.flatMap(({ arrival, copies, others: same }) => [arrival, ...copies, ...same]),
    )
    fates = await consumeBatch(members, run, pace, shard)
  } finally {
    run.running -= arrivals.length
    for (const step of boarding.leaving) step()
    leave()
  }
  // Outside the gate: whoever has to run alone need not wait for a shard that is away.
  if ([...fates.values()].some(isAway)) await sleep(shardAwayMs, run.stopping)
  ends.putBack(left)
  for (const arrival of boarding.alone) ends.alone(arrival)
  await land(fates, ends, run)
}

/** How soon a shard that does not answer is asked again, in milliseconds. */
const shardAwayMs = 200

function isAway(fate: Fate): boolean {
  return fate.kind === 'left' && fate.away === true
}

interface OnOneShard {
  /** Undefined: there is but one database. */
  readonly shard: string | undefined
  readonly members: readonly Fresh[]
  /** On another shard, next time. */
  readonly others: readonly Fresh[]
}

/** A transaction is on one shard. While keys move it may be another one than that of the map. */
async function onOneShard(members: readonly Fresh[], run: Runtime): Promise<OnOneShard> {
  const { shards } = run.flow.store
  if (shards === undefined) return { shard: undefined, members, others: [] }
  try {
    const asked = members.map(({ identity, laneBytes }) => ({ ...identity, lane: laneBytes }))
    const homes = await shards.home(asked)
    const [shard] = homes
    const isHere = members.map((_, at) => homes[at] === shard)
    // A lane goes on where its first one is, or waits.
    const closed = new Set(members.filter((_, at) => !isHere[at]).map(({ lane }) => lane))
    closed.delete(undefined)
    const first = members.findIndex((_, at) => !isHere[at])
    const goes = (member: Fresh, at: number): boolean =>
      isHere[at] === true && (at < first || first < 0 || !closed.has(member.lane))
    return {
      shard,
      members: members.filter(goes),
      others: members.filter((member, at) => !goes(member, at)),
    }
  } catch (error) {
    await waitOut(error, members[0]?.identity, 1, run)
    return { shard: undefined, members: [], others: members }
  }
}

interface Boarding {
  readonly members: readonly Fresh[]
  /** Somebody else in this process performs their key. */
  readonly alone: readonly Arrival[]
  /** They stand behind one of those in its lane. */
  readonly left: readonly Arrival[]
  readonly leaving: readonly (() => void)[]
}

/** Copies of one key in a batch are one claim (P8). */
function board(arrivals: readonly Arrival[], run: Runtime): Boarding {
  const leaders = new Map<string, Fresh & { copies: Arrival[]; others: Arrival[] }>()
  const alone: Arrival[] = []
  const left: Arrival[] = []
  const leaving: (() => void)[] = []
  const closed = new Set<string>()
  for (const arrival of arrivals) {
    const { identified, lane } = arrival
    if (identified?.kind !== 'identified') continue
    const name = identityName(identified.identity)
    const leader = leaders.get(name)
    if (leader !== undefined) {
      const isCopy = equalBytes(identified.fingerprint, leader.fingerprint)
      ;(isCopy ? leader.copies : leader.others).push(arrival)
    }
    if (leader !== undefined) continue
    if (lane !== undefined && closed.has(lane)) left.push(arrival)
    else {
      const free = tryEnterKey(run.flow.store, name)
      if (free === undefined) {
        alone.push(arrival)
        if (lane !== undefined) closed.add(lane)
      } else {
        leaving.push(free)
        arrival.handled = true
        const { identity, fingerprint, message, lane: laneBytes } = identified
        const raw = arrival.delivery.message
        const known = { identity, name, fingerprint, raw, message, lane, laneBytes, attempt: 1 }
        leaders.set(name, { ...known, arrival, copies: [], others: [] })
      }
    }
  }
  return { members: [...leaders.values()], alone, left, leaving }
}

/** What is durable is acknowledged, at once for all; what is not goes on by itself or comes first again. */
async function land(fates: ReadonlyMap<Fresh, Fate>, ends: Ends, run: Runtime): Promise<void> {
  const over: Arrival[] = []
  const again: Arrival[] = []
  const unacknowledged: Arrival[] = []
  for (const [member, fate] of fates) {
    const { arrival, copies, others } = member
    if (fate.kind === 'settled') {
      note(member, fate, run)
      for (const other of others) ends.alone(other)
      over.push(arrival, ...copies)
      if (!fate.joined) unacknowledged.push(arrival, ...copies)
    } else {
      again.push(...copies, ...others)
      if (fate.kind === 'careful') ends.alone(arrival)
      else again.push(arrival)
    }
  }
  ends.putBack(again)
  await acknowledgeAll(
    unacknowledged.map(({ delivery }) => delivery),
    run,
  )
  for (const arrival of over) ends.ended(arrival)
}

function note(member: Fresh, fate: Extract<Fate, { kind: 'settled' }>, run: Runtime): void {
  const { identity, name, copies } = member
  const base = about(run.flow, identity)
  report(fate.situation, name, base, run)
  const { kind } = fate.situation
  const state = kind === 'parked' || kind === 'dead' ? kind : 'completed'
  for (const _ of copies) report({ kind: 'duplicate', state }, name, base, run)
}
