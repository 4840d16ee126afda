import type { Source, SourceCapabilities, Subscription } from '../delivery/source.ts'
import { tagFilter } from '../delivery/tags.ts'
import { SemelError } from '../errors/semel-error.ts'
import { resolveOptions } from '../options/resolve.ts'
import { memoryHand } from './memory-hand.ts'
import type { MemoryQueue, MemoryTopic, Position, Waiting } from './memory-queue.ts'

export interface MemorySourceOptions {
  readonly topic: string
  /** Tags that are wanted: `'A'`, `'A||B'` or `'*'`. Messages with others are passed over. Default: `'*'`. */
  readonly tag?: string
  /** How long a pulled message is hidden from others, in milliseconds. Default: 30 000. */
  readonly holdMs?: number
}

/** Where a source is subscribed. */
interface Place {
  readonly topic: MemoryTopic
  readonly position: Position
}

const capabilities: Omit<SourceCapabilities, 'holdMs'> = {
  marksRedelivery: true,
  delays: 'native',
  order: 'key',
  redeliveryHorizonMs: Number.POSITIVE_INFINITY,
  deliveriesMax: undefined,
}

/** With a clock of the user's own nobody says when time has passed: it is looked at this often, in milliseconds. */
const lookMs = 20
/** After so many acknowledgements the log is cleared of what every group has. */
const trimAfter = 256

/** Deliveries from a queue in memory. */
export function memorySource(queue: MemoryQueue, options: MemorySourceOptions): Source {
  const { holdMs } = resolveOptions('memorySource', options, ['holdMs'], ['topic', 'tag'])
  const wants = tagFilter(options.tag ?? '*')
  const hand = memoryHand(queue.clock, holdMs)
  let place: Place | undefined
  let closed = false
  let settled = 0

  function opened(): Place {
    if (closed) throw new SemelError('SEMEL_SOURCE_CLOSED', 'the memory source is closed')
    if (place !== undefined) return place
    throw new SemelError('SEMEL_SOURCE_CLOSED', 'the memory source has not been opened')
  }

  return {
    name: 'memory',
    topic: options.topic,
    capabilities: { ...capabilities, holdMs },
    within: undefined,
    async open(subscription: Subscription) {
      if (closed) opened()
      const topic = queue.topic(options.topic)
      place = { topic, position: topic.position(subscription) }
    },
    async pull(limit, signal) {
      const { topic, position } = opened()
      for (;;) {
        if (signal.aborted || closed) return []
        const nowMs = queue.clock.nowMs()
        const visible = reach(topic, position, { wants, limit, nowMs, isOurs: hand.isOurs })
        if (visible.length > 0) return visible.map(hand.take)
        await change(topic, nextMs(position, nowMs), signal)
      }
    },
    async ack(deliveries) {
      const { topic, position } = opened()
      for (const waiting of hand.held(deliveries)) {
        hand.give(waiting, 0)
        position.waiting.delete(waiting.logged.seq)
        if (++settled % trimAfter === 0) topic.trim()
      }
    },
    async nack(deliveries, redeliverAfterMs) {
      const { topic } = opened()
      for (const waiting of hand.held(deliveries)) hand.give(waiting, redeliverAfterMs)
      topic.changed()
    },
    async renew(deliveries) {
      opened()
      for (const waiting of hand.held(deliveries)) hand.keep(waiting)
    },
    async close() {
      if (closed) return
      closed = true
      if (place === undefined) return
      hand.giveAll(place.position)
      place.topic.changed()
    },
  }
}

interface Reach {
  readonly limit: number
  readonly nowMs: number
  wants(tag: string | undefined): boolean
  isOurs(waiting: Waiting): boolean
}

/** What may be taken now: first what comes again or was delayed, then what is new. */
function reach(
  topic: MemoryTopic,
  position: Position,
  { wants, limit, nowMs, isOurs }: Reach,
): readonly Waiting[] {
  const visible: Waiting[] = []
  const behind = new Set<string>()
  for (const waiting of position.waiting.values()) {
    if (visible.length === limit) return visible
    const { orderKey } = waiting.logged
    const goes = waiting.visibleMs <= nowMs && wants(waiting.logged.message.tag)
    if (goes && !behind.has(orderKey ?? '')) visible.push(waiting)
    else if (orderKey !== undefined && !isOurs(waiting)) behind.add(orderKey)
  }
  while (visible.length < limit) {
    const logged = topic.at(position.next)
    if (logged === undefined) break
    position.next++
    if (!wants(logged.message.tag)) continue
    const waiting = { logged, visibleMs: logged.dueMs, deliveries: 0, receipt: undefined }
    position.waiting.set(logged.seq, waiting)
    if (logged.dueMs <= nowMs && !behind.has(logged.orderKey ?? '')) visible.push(waiting)
  }
  return visible
}

function nextMs({ waiting }: Position, nowMs: number): number {
  let first = Number.POSITIVE_INFINITY
  for (const { visibleMs } of waiting.values()) first = Math.min(first, visibleMs)
  return first - nowMs
}

/** Resolves when something is sent or given back, when the time has passed, or when the signal aborts. */
function change(topic: MemoryTopic, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const ended = (): void => {
      clearTimeout(timer)
      stopListening()
      signal.removeEventListener('abort', ended)
      resolve()
    }
    const timer = setTimeout(ended, Math.max(1, Math.min(lookMs, ms)))
    const stopListening = topic.onChange(ended)
    signal.addEventListener('abort', ended)
  })
}
