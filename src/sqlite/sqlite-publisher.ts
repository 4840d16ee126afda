import { encodeOutgoing } from '../delivery/outgoing.ts'
import type { Publisher } from '../delivery/publisher.ts'
import { queuedPublisher, type SendErrorListener } from '../delivery/queued-publisher.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { SqliteOpen } from './connection.ts'
import { appendValues } from './queue-rows.ts'
import { acquire } from './registry.ts'
import { queue } from './statements.gen.ts'

export interface SqlitePublisherOptions {
  /** Where a message goes that names no topic of its own. Default: none, each message names one. */
  readonly topic?: string | undefined
  /** Largest body, in bytes. Default: 1 048 576. */
  readonly bodyBytesMax?: number
  /** Most messages that nobody awaits and that are not stored yet. Default: 1 000. */
  readonly inFlightMax?: number
  /** Hears of messages that nobody awaited and that were not stored. */
  readonly onError?: SendErrorListener
  /** Makes the connection. Default: however the store of this file does, else `node:sqlite`. */
  readonly open?: SqliteOpen
  /** How long to wait for another process that writes the same file, in milliseconds. Default: 5 000. */
  readonly busyMsMax?: number
  /** Default: the system's. Give one of your own to let delays pass in a test. */
  readonly clock?: Clock
}

/**
 * Sends to the durable queue in a SQLite file. What is stored outlives a power cut; a batch is stored as a whole.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function sqlitePublisher(file: string, options: SqlitePublisherOptions = {}): Publisher {
  const numbers = ['bodyBytesMax', 'inFlightMax', 'busyMsMax'] as const
  const others = ['topic', 'onError', 'open', 'clock'] as const
  const { bodyBytesMax, inFlightMax } = resolveOptions('sqlitePublisher', options, numbers, others)
  const { topic, onError, open, busyMsMax, clock = systemClock } = options
  const { database, release } = acquire(file, { open, busyMsMax })
  return queuedPublisher({
    name: 'sqlite',
    inFlightMax,
    onError,
    encode: (message) => encodeOutgoing(message, { topic, bodyBytesMax }),
    async publish(batch) {
      await database.write((connection) => {
        const nowMs = clock.nowMs()
        for (const message of batch) connection.run(queue.append, ...appendValues(message, nowMs))
      })
      database.queueChanged()
    },
    close: release,
  })
}
