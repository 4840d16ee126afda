import type { Consumer } from '../../consume/consumer-options.ts'
import { systemClock } from '../../inbox/clock.ts'
import type { Shell } from '../shell.ts'
import { cut, printable } from '../text.ts'
import { countEvents, type Counts, counted, tellEvents } from './counts.ts'

/** Tells somebody how the consumers are doing, until they have ended. */
export interface Reporter {
  started(consumers: readonly Consumer[]): void
  ended(exit: number): void
}

/** Most bytes that wait for a slow reader; what comes above is dropped and counted. */
const waitingBytesMax = 8_388_608

/** For programs: one line of JSON for each event that matters, on standard output. */
export function jsonReporter({ stdout }: Shell): Reporter {
  const counting = countEvents()
  let dropped = 0
  function line(members: object): void {
    stdout.write(`${JSON.stringify({ atMs: systemClock.nowMs(), ...members })}\n`)
  }
  const stopTelling = tellEvents((event, about) => {
    if (stdout.writableLength > waitingBytesMax) {
      dropped++
      return
    }
    if (dropped > 0) line({ event: 'dropped', lines: dropped })
    dropped = 0
    line({ event, ...about })
  })
  return {
    started: (consumers) =>
      line({
        event: 'started',
        consumers: consumers.map(({ group, topic, assurance }) => ({ group, topic, assurance })),
      }),
    ended(exit) {
      stopTelling()
      counting.stop()
      line({ event: 'ended', exit, ...counting.counts })
    },
  }
}

const redrawMs = 250
/** Erases the line that the cursor stands in, and goes to its beginning. */
const erase = '\r\u001b[2K'
/** Alarms stay on the terminal; everything else is in the numbers. */
const alarms: ReadonlySet<string> = new Set([
  'dead',
  'mismatched',
  'unknown',
  'store-unavailable',
  'source-unavailable',
  'parking-full',
  'dead-many',
  'circuit-open',
  'circuit-closed',
  'prune-failed',
])

/** For people: one line of numbers that is drawn over and over, alarms above it. */
export function terminalReporter({ stdout }: Shell): Reporter {
  const counting = countEvents()
  const rate = perSecond(() => counting.counts.applied)
  let watched: readonly Consumer[] = []
  const draw = (): void => {
    const line = statusLine(counting.counts, watched, rate())
    stdout.write(`${erase}${cut(line, (stdout.columns || 80) - 1)}`)
  }
  const stopTelling = tellEvents((name, about) => {
    if (alarms.has(name)) stdout.write(`${erase}${printable(`${name} ${wordsOf(about)}`)}\n`)
  })
  let timer: NodeJS.Timeout | undefined
  return {
    started(consumers) {
      watched = consumers
      timer = setInterval(draw, redrawMs)
    },
    ended() {
      clearInterval(timer)
      stopTelling()
      counting.stop()
      stdout.write(`${erase}${statusLine(counting.counts, watched, 0)}\n`)
    },
  }
}

function statusLine(counts: Counts, consumers: readonly Consumer[], rate: number): string {
  const status = consumers.map((consumer) => consumer.status())
  const inHand = status.reduce((all, one) => all + one.inHand, 0)
  const waits = new Set(status.flatMap(({ waitingFor }) => waitingFor))
  const numbers = counted.map((name) => `${name} ${counts[name]}`)
  const waiting = waits.size === 0 ? [] : [`waiting for ${[...waits].join(', ')}`]
  return [...numbers, `in hand ${inHand}`, `${rate}/s`, ...waiting].join(' · ')
}

function wordsOf(event: object): string {
  return Object.entries(event)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
}

/** Of the last second or so. */
function perSecond(total: () => number): () => number {
  const samples: number[] = []
  const kept = 1_000 / redrawMs
  return () => {
    samples.push(total())
    if (samples.length > kept + 1) samples.shift()
    return (samples.at(-1) ?? 0) - (samples[0] ?? 0)
  }
}
