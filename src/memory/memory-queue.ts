import type { Message } from '../delivery/message.ts'
import type { EncodedMessage } from '../delivery/outgoing.ts'
import type { Subscription } from '../delivery/source.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'

export interface MemoryQueueOptions {
  /** Default: the system's. Give one of your own to let holds and delays pass in a test. */
  readonly clock?: Clock
}

/** A broker in this process alone: hand it to {@link memorySource} and {@link memoryPublisher}. */
export interface MemoryQueue {
  readonly clock: Clock
  /** @internal */
  topic(name: string): MemoryTopic
}

/** A message as it stands in the log of its topic, to which every group reads by itself. */
export interface Logged {
  readonly seq: number
  readonly dueMs: number
  readonly orderKey: string | undefined
  readonly message: Message<Uint8Array>
}

/** A message that a group has reached, and not yet acknowledged. */
export interface Waiting {
  readonly logged: Logged
  visibleMs: number
  deliveries: number
  /** Of the delivery that is in somebody's hand. */
  receipt: Receipt | undefined
}

/** A new one for each delivery. */
export interface Receipt {
  readonly owner: object
}

/** How far one group, or one instance of it, has come. */
export interface Position {
  next: number
  readonly waiting: Map<number, Waiting>
}

export interface MemoryTopic {
  append(batch: readonly EncodedMessage[], nowMs: number): void
  position(subscription: Subscription): Position
  at(seq: number): Logged | undefined
  /** Forgets what every group has acknowledged. */
  trim(): void
  /** Calls `listener` once, when something may have become visible; answers a function that stops it. */
  onChange(listener: () => void): () => void
  changed(): void
}

/**
 * Topics, groups, tags, delays and holds as a real broker has them, without a broker: for tests, and to try
 * things out. Everything is gone when the process ends.
 *
 * @example
 * const queue = memoryQueue()
 * const source = memorySource(queue, { topic: 'orders' })
 * await memoryPublisher(queue, { topic: 'orders' }).send({ body: { order: 17 } })
 */
export function memoryQueue({ clock = systemClock }: MemoryQueueOptions = {}): MemoryQueue {
  const topics = new Map<string, MemoryTopic>()
  return {
    clock,
    topic(name) {
      const topic = topics.get(name) ?? memoryTopic()
      topics.set(name, topic)
      return topic
    },
  }
}

function memoryTopic(): MemoryTopic {
  let first = 0
  const log: Logged[] = []
  const positions = new Map<string, Position>()
  const listeners = new Set<() => void>()
  function changed(): void {
    const woken = [...listeners]
    listeners.clear()
    for (const listener of woken) listener()
  }
  return {
    append(batch, nowMs) {
      for (const one of batch) log.push(inLog(one, first + log.length, nowMs))
      changed()
    },
    position({ group, instance }) {
      const name = JSON.stringify([group, instance])
      const position = positions.get(name) ?? { next: first, waiting: new Map() }
      positions.set(name, position)
      return position
    },
    at: (seq) => log[seq - first],
    trim() {
      const needed = Math.min(...[...positions.values()].map(oldest))
      log.splice(0, needed - first)
      first = needed
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed,
  }
}

function inLog(
  { delayMs, orderKey, ...message }: EncodedMessage,
  seq: number,
  nowMs: number,
): Logged {
  return { seq, dueMs: nowMs + delayMs, orderKey, message: { ...message, sentAtMs: nowMs } }
}

/** The first message that a group still needs. Messages wait in the order in which they were reached. */
function oldest({ next, waiting }: Position): number {
  const [first] = waiting.keys()
  return first ?? next
}
