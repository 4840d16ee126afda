import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { monotonicMs } from '../../inbox/clock.ts'
import { sqlitePublisher } from '../../sqlite/index.ts'
import { type Arrival, arrivals } from './arrivals.ts'
import { type Crew, crew } from './crew.ts'
import { countEffects, createLedger, type Effects } from './ledger.ts'
import { below, type Draw, seeded } from './random.ts'
import { openRemaining, type Remaining } from './remaining.ts'
import { topic, type Way } from './ways/way.ts'

/** What one way came to. */
export interface WayReport extends Effects {
  readonly way: string
  /** Messages that were neither acknowledged nor settled when the way was given up. */
  readonly stuck: number
  readonly seconds: number
}

/** The same for every way. */
export interface Faults {
  readonly messages: number
  readonly kills: number
  readonly seed: number
}

export interface Surroundings {
  /** Where files go. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onProgress: (way: string, done: number, kills: number) => void
}

/** Nothing more comes when nothing has moved for so long: it is given up. */
const stillMsMax = 8_000
/** Longest wait for a portion to be on its way before somebody is killed. */
const portionMsMax = 2_000
const lookMs = 20

/**
 * Sends everything in portions, kills a consumer while each is worked on, at any moment and at a named point in
 * turn, and counts what came of it.
 */
export async function runWay(way: Way, faults: Faults, around: Surroundings): Promise<WayReport> {
  const file = join(around.folder, `${way.name}.db`)
  createLedger(file, way)
  const began = monotonicMs()
  const remaining = await openRemaining(file)
  const consumers = crew(way.name, file, around.env)
  const signal = AbortSignal.any([around.signal, consumers.broken])
  try {
    const stuck = await sendAndKill({ way, faults, around, file, consumers, remaining, signal })
    const seconds = Math.round((monotonicMs() - began) / 100) / 10
    await consumers.stop()
    return { way: way.name, ...countEffects(file, faults.messages), stuck, seconds }
  } finally {
    await consumers.kill()
    await remaining.close()
  }
}

interface Run {
  readonly way: Way
  readonly faults: Faults
  readonly around: Surroundings
  readonly file: string
  readonly consumers: Crew
  readonly remaining: Remaining
  /** Aborts when there is no sense in going on. */
  readonly signal: AbortSignal
}

/** Answers how many messages are left when nothing moves any more. */
async function sendAndKill(run: Run): Promise<number> {
  const { way, faults, around, file, consumers, remaining, signal } = run
  const draw = seeded(faults.seed)
  const all = arrivals(faults.messages, draw)
  const publisher = sqlitePublisher(file, { topic })
  let sent = 0
  try {
    for (let kills = 0; kills <= faults.kills; kills++) {
      signal.throwIfAborted()
      const portion = all.slice(sent, Math.round((all.length * (kills + 1)) / (faults.kills + 1)))
      const send = async (): Promise<void> =>
        void (await publisher.sendBatch(portion.map(messageOf)))
      sent += portion.length
      if (kills === faults.kills) await send()
      else if (kills % 2 === 0) await killAnywhere(run, portion.length, send, draw)
      else await consumers.killAt(pointOf(way, kills), send)
      around.onProgress(way.name, sent - (await remaining.count()), kills + 1)
    }
  } finally {
    await publisher.close()
  }
  return drained(run, all.length)
}

function messageOf({ messageId, order }: Arrival): {
  readonly id: string
  readonly key: string
  readonly body: unknown
} {
  return { id: messageId, key: order.id, body: order }
}

/** At any moment while a portion is worked on. */
async function killAnywhere(
  run: Run,
  messages: number,
  send: () => Promise<void>,
  draw: Draw,
): Promise<void> {
  const left = below(messages, draw)
  await send()
  await fallen(run, left)
  await run.consumers.killOne(draw)
}

/** Each in its turn. */
function pointOf({ points }: Way, kill: number): string {
  return points[((kill - 1) / 2) % points.length] ?? ''
}

async function fallen({ remaining, signal }: Run, left: number): Promise<void> {
  const deadline = monotonicMs() + portionMsMax
  while ((await remaining.count()) > left && monotonicMs() < deadline) {
    signal.throwIfAborted()
    await pause(lookMs)
  }
}

async function drained(
  { way, faults, around, remaining, signal }: Run,
  total: number,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  let movedMs = monotonicMs()
  for (;;) {
    signal.throwIfAborted()
    const left = await remaining.count()
    if (left < least) movedMs = monotonicMs()
    least = Math.min(least, left)
    around.onProgress(way.name, total - left, faults.kills)
    if (left === 0 || monotonicMs() - movedMs > stillMsMax) return left
    await pause(lookMs)
  }
}
