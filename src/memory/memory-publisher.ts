import { encodeOutgoing } from '../delivery/outgoing.ts'
import type { Publisher } from '../delivery/publisher.ts'
import { queuedPublisher, type SendErrorListener } from '../delivery/queued-publisher.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { MemoryQueue } from './memory-queue.ts'

export interface MemoryPublisherOptions {
  /** Where a message goes that names no topic of its own. Default: none, each message names one. */
  readonly topic?: string | undefined
  readonly bodyBytesMax?: number
  readonly inFlightMax?: number
  /** Hears of messages that nobody awaited and that were not stored. */
  readonly onError?: SendErrorListener
}

/** Sends to a queue in memory. */
export function memoryPublisher(
  queue: MemoryQueue,
  options: MemoryPublisherOptions = {},
): Publisher {
  const { bodyBytesMax, inFlightMax } = resolveOptions(
    'memoryPublisher',
    options,
    ['bodyBytesMax', 'inFlightMax'],
    ['topic', 'onError'],
  )
  const { topic, onError } = options
  return queuedPublisher({
    name: 'memory',
    inFlightMax,
    onError,
    encode: (message) => encodeOutgoing(message, { topic, bodyBytesMax }),
    async publish(batch) {
      const nowMs = queue.clock.nowMs()
      const byTopic = Map.groupBy(batch, (message) => message.topic)
      for (const [name, messages] of byTopic) queue.topic(name).append(messages, nowMs)
    },
    async close() {},
  })
}
