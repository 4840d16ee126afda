import { Snowflake } from '@sapphire/snowflake'
import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'

/** 2025-01-01. Ids count milliseconds from here: 41 bits, until 2094. */
const epochMs = 1_735_689_600_000
const endMs = epochMs + 2 ** 41
const sequenceMax = 4_095
const layout = new Snowflake(epochMs)

/** The part of the store's time for which a worker number is ours alone. */
export interface Span {
  readonly worker: number
  /** What the clock of the store said when the monotonic clock said `atMs`. */
  readonly storeMs: number
  readonly atMs: number
  /** The first millisecond that no id of ours may name. */
  readonly belowMs: number
}

export interface Mint {
  next(): bigint
  /** Another number, or another part of the time for the one in use. */
  use(span: Span): void
  /** No more ids until the next {@link Mint.use}. */
  refuse(why: string, cause?: unknown): void
  /** The latest millisecond that was named under the number in use; undefined: none. */
  usedMs(): number | undefined
}

/**
 * Makes ids inside the span that it was given, and nowhere else. So it does not matter when anybody looks at a
 * clock: an id that names a millisecond of the span is ours, also when its maker stood still in the middle.
 */
export function mint(): Mint {
  let span: Span | undefined
  let refusal: { readonly why: string; readonly cause?: unknown } = { why: 'it has no number yet' }
  let lastMs = 0
  let sequence = 0
  let usedMs: number | undefined

  return {
    usedMs: () => usedMs,
    next() {
      if (span === undefined) throw refused(refusal.why, refusal.cause)
      const nowMs = Math.floor(span.storeMs + (monotonicMs() - span.atMs))
      const full = sequence === sequenceMax
      const ms = Math.max(nowMs, full ? lastMs + 1 : lastMs)
      if (ms >= span.belowMs || ms < epochMs || ms >= endMs) throw refused(outside(ms, span))
      sequence = ms > lastMs ? 0 : sequence + 1
      lastMs = ms
      usedMs = ms
      return packed(span.worker, ms, sequence)
    },
    use(next) {
      // Under another number only a later millisecond is surely greater.
      if (next.worker !== span?.worker) {
        sequence = sequenceMax
        usedMs = undefined
      }
      span = next
    },
    refuse(why, cause) {
      span = undefined
      usedMs = undefined
      refusal = { why, cause }
    },
  }
}

function packed(worker: number, ms: number, sequence: number): bigint {
  return layout.generate({
    timestamp: ms,
    workerId: BigInt(worker >> 5),
    processId: BigInt(worker & 31),
    increment: BigInt(sequence),
  })
}

function outside(ms: number, { belowMs }: Span): string {
  return `it is ${ms} by the clock of the store, and the time of its number ends at ${belowMs}`
}

function refused(why: string, cause?: unknown): SemelError {
  return new SemelError('SEMEL_ID_REFUSED', `no id: ${why}`, { cause })
}
