import { type Consumer, type ConsumerOptions, createConsumer, type JsonValue, on, type Store } from 'semel'
import { memoryPublisher, memoryQueue, memorySource, memoryStore, type MemoryTransaction } from 'semel/memory'
import type { Clock } from '../../src/inbox/clock.ts'
import type { RecordView } from '../../src/inbox/record.ts'

/** Waits for a condition, at most `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A wall clock that tests move. */
export function manualClock(): Clock & { pass(ms: number): void } {
  let now = 1_700_000_000_000
  return {
    nowMs: () => now,
    pass(ms) {
      now += ms
    },
  }
}

export interface Bench extends AsyncDisposable {
  readonly store: Store<MemoryTransaction>
  readonly queue: ReturnType<typeof memoryQueue>
  readonly send: (body: unknown, more?: Record<string, unknown>) => Promise<string>
  /** Starts a consumer of topic `orders`, group `points`, keyed by `body.id`; stopped at the end. */
  readonly consume: (
    handler: Handler,
    more?: Partial<ConsumerOptions<MemoryTransaction, JsonValue, 'A'>>,
  ) => Promise<Consumer>
  /** Records by their readable key. */
  readonly records: () => Promise<Record<string, RecordView>>
  /** Names of the events of this bench, in order. */
  readonly events: () => readonly string[]
  /** Deliveries that the broker still waits for. */
  readonly unacknowledged: () => number
}

export type Handler = ConsumerOptions<MemoryTransaction, JsonValue, 'A'>['handler']
