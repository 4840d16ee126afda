import { type Clock, monotonicMs } from '../inbox/clock.ts'
import type { Bell } from './bell.ts'
import type { Database } from './database.ts'
import {
  nextMs,
  type Place,
  sweep,
  take,
  type Take,
  type Taken,
  type TakeTerms,
  trim,
} from './queue-steps.ts'

/** What a source needs to look for messages. */
export interface Puller {
  readonly database: Pick<Database, 'read' | 'write'>
  readonly place: Place
  readonly bell: Bell
  readonly clock: Clock
  isClosed(): boolean
  /** Messages that this source has acknowledged and that nobody has removed yet. */
  readonly acknowledged: number[]
}

/** Other processes ring no bell here: it is looked this often, the less often the longer nothing came. */
const lookMs = { first: 20, last: 100, growth: 1.5 }
/** Messages that are removed in one step. */
const trimMax = 200
/** Pause between two walks through the topic, for what crashed processes have left there. */
const sweepEveryMs = 60_000

/** Waits for something to take, and takes it. Nothing when it is told to end. */
export async function pull(
  puller: Puller,
  terms: Omit<TakeTerms, 'nowMs'>,
  signal: AbortSignal,
): Promise<readonly Taken[]> {
  const { bell, database, place } = puller
  const ended = (): boolean => signal.aborted || puller.isClosed()
  const sweeper = sweeperOf(puller)
  let pauseMs = lookMs.first
  while (!ended()) {
    const rung = bell.count()
    const nowMs = puller.clock.nowMs()
    const next = await database.read((connection) => nextMs(connection, place, nowMs))
    if (ended()) break
    if (next !== undefined && next <= nowMs) {
      const { taken, moved } = await takeSome(puller, { ...terms, nowMs: puller.clock.nowMs() })
      if (taken.length > 0) return taken
      if (moved) continue
    }
    await tidy(puller, sweeper)
    await bell.wait(rung, waitMs(pauseMs, next, nowMs), signal)
    pauseMs = Math.min(pauseMs * lookMs.growth, lookMs.last)
  }
  return []
}

/** One transaction; what is to be removed anyway goes with it. */
async function takeSome(puller: Puller, terms: TakeTerms): Promise<Take> {
  const { database, place, acknowledged } = puller
  const trimmed = acknowledged.splice(0, trimMax)
  return database.write((connection) => {
    trim(connection, place.topic, trimmed)
    return take(connection, place, terms)
  })
}

/** While nothing else is to be done. */
async function tidy({ database, place, acknowledged }: Puller, sweeper: Sweeper): Promise<void> {
  const trimmed = acknowledged.splice(0, trimMax)
  if (trimmed.length > 0)
    await database.write((connection) => trim(connection, place.topic, trimmed))
  else await sweeper.step()
}

interface Sweeper {
  step(): Promise<void>
}

const sweepers = new WeakMap<Place, Sweeper>()

/** A walk in small steps, one each time nothing comes. */
function sweeperOf({ database, place }: Puller): Sweeper {
  const known = sweepers.get(place)
  if (known !== undefined) return known
  let from = 0
  let nextWalkMs = 0
  const sweeper: Sweeper = {
    async step() {
      if (monotonicMs() < nextWalkMs) return
      const reached = await database.write((connection) => sweep(connection, place.topic, from))
      from = reached ?? 0
      if (reached === undefined) nextWalkMs = monotonicMs() + sweepEveryMs
    },
  }
  sweepers.set(place, sweeper)
  return sweeper
}

function waitMs(pauseMs: number, nextVisibleMs: number | undefined, nowMs: number): number {
  const nextMs = nextVisibleMs === undefined ? pauseMs : nextVisibleMs - nowMs
  // What is visible and was not taken waits for others of its order.
  return nextMs > 0 ? Math.min(pauseMs, nextMs) : pauseMs
}
