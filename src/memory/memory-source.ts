import type { Delivery, Source, Subscription } from '../delivery/source.ts'
import { SemelError } from '../errors/semel-error.ts'
import { resolveOptions } from '../options/resolve.ts'
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

interface MemoryDelivery extends Delivery {
  readonly waiting: Waiting
  readonly receipt: object
}

/** With a clock of the user's own nobody says when time has passed: it is looked at this often, in milliseconds. */
const lookMs = 20
/** After so many acknowledgements the log is cleared of what every group has. */
const trimAfter = 256

/** Deliveries from a queue in memory. */
export function memorySource(queue: MemoryQueue, options: MemorySourceOptions): Source {
  const { holdMs } = resolveOptions('memorySource', options, ['holdMs'], ['topic', 'tag'])
  const wants = tagFilter(options.tag ?? '*')
  const mine = new Set<Waiting>()
  let place: Place | undefined
  let closed = false
  let settled = 0

  function opened(): Place {
    if (closed) throw new SemelError('SEMEL_SOURCE_CLOSED', 'the memory source is closed')
    if (place !== undefined) return place
    throw new SemelError('SEMEL_SOURCE_CLOSED', 'the memory source has not been opened')
  }
  function held(deliveries: readonly Delivery[]): readonly Waiting[] {
    return (deliveries as readonly MemoryDelivery[]).filter(isHeld).map(({ waiting }) => waiting)
  }
  function giveBack(waiting: Waiting, visibleMs: number): void {
    waiting.receipt = undefined
    waiting.visibleMs = visibleMs
    mine.delete(waiting)
  }
  function handOut(waiting: Waiting, nowMs: number): MemoryDelivery {
    const receipt = {}
    waiting.receipt = receipt
    waiting.visibleMs = nowMs + holdMs
    waiting.deliveries++
    mine.add(waiting)
    const { logged, deliveries } = waiting
    const redelivered = deliveries > 1
    return { message: logged.message, redelivered, deliveryCount: deliveries, waiting, receipt }
  }

  return {
    name: 'memory',
    topic: options.topic,
    capabilities: {
      marksRedelivery: true,
      delays: 'native',
      order: 'queue',
      holdMs,
      redeliveryHorizonMs: Number.POSITIVE_INFINITY,
      deliveriesMax: undefined,
    },
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
        const visible = reach(topic, position, wants, limit, nowMs)
        if (visible.length > 0) return visible.map((waiting) => handOut(waiting, nowMs))
        await change(topic, nextMs(position, nowMs), signal)
      }
    },
    async ack(deliveries) {
      const { topic, position } = opened()
      for (const waiting of held(deliveries)) {
        position.waiting.delete(waiting.logged.seq)
        giveBack(waiting, waiting.visibleMs)
        if (++settled % trimAfter === 0) topic.trim()
      }
    },
    async nack(deliveries, redeliverAfterMs) {
      const { topic } = opened()
      const visibleMs = queue.clock.nowMs() + redeliverAfterMs
      for (const waiting of held(deliveries)) giveBack(waiting, visibleMs)
      topic.changed()
    },
    async renew(deliveries) {
      opened()
      for (const waiting of held(deliveries)) waiting.visibleMs = queue.clock.nowMs() + holdMs
    },
    async close() {
      if (closed) return
      closed = true
      for (const waiting of mine) giveBack(waiting, queue.clock.nowMs())
      place?.topic.changed()
    },
  }
}

/** Whether it has not passed to somebody else meanwhile. */
function isHeld({ waiting, receipt }: MemoryDelivery): boolean {
  return waiting.receipt === receipt
}

/** What may be taken now: first what comes again or was delayed, then what is new. */
function reach(
  topic: MemoryTopic,
  position: Position,
  wants: (tag: string | undefined) => boolean,
  limit: number,
  nowMs: number,
): readonly Waiting[] {
  const visible: Waiting[] = []
  for (const waiting of position.waiting.values()) {
    if (visible.length === limit) return visible
    if (waiting.visibleMs <= nowMs && wants(waiting.logged.message.tag)) visible.push(waiting)
  }
  while (visible.length < limit) {
    const logged = topic.at(position.next)
    if (logged === undefined) break
    position.next++
    if (!wants(logged.message.tag)) continue
    const waiting = { logged, visibleMs: logged.dueMs, deliveries: 0, receipt: undefined }
    position.waiting.set(logged.seq, waiting)
    if (logged.dueMs <= nowMs) visible.push(waiting)
  }
  return visible
}

function nextMs({ waiting }: Position, nowMs: number): number {
  const times = [...waiting.values()].map(({ visibleMs }) => visibleMs)
  return Math.min(...times) - nowMs
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

/** A group that has several tags of one topic shares them among all its consumers. */
function tagFilter(expression: string): (tag: string | undefined) => boolean {
  const tags = new Set(expression.split('||').map((tag) => tag.trim()))
  return tags.has('*') ? () => true : (tag) => tag !== undefined && tags.has(tag)
}
