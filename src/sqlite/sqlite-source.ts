import { randomInt } from 'node:crypto'
import type { Delivery, Source, SourceCapabilities, Subscription } from '../delivery/source.ts'
import { tagFilter } from '../delivery/tags.ts'
import { SemelError } from '../errors/semel-error.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import { resolveOptions } from '../options/resolve.ts'
import { type Bell, bell } from './bell.ts'
import type { SqliteOpen } from './connection.ts'
import { pull, type Puller } from './queue-pull.ts'
import { messageOf } from './queue-rows.ts'
import { ack, giveBack, type Hold, nack, renew, subscribe, type Taken } from './queue-steps.ts'
import { acquire } from './registry.ts'

export interface SqliteSourceOptions {
  readonly topic: string
  /** Tags that are wanted: `'A'`, `'A||B'` or `'*'`. The group passes over messages with others. Default: `'*'`. */
  readonly tag?: string
  /** How long a pulled message is hidden from others, in milliseconds. Default: 30 000. */
  readonly holdMs?: number
  /** Makes the connection. Default: however the store of this file does, else `node:sqlite`. */
  readonly open?: SqliteOpen
  /** How long to wait for another process that writes the same file, in milliseconds. Default: 5 000. */
  readonly busyMsMax?: number
  /** Default: the system's. Give one of your own to let holds and delays pass in a test. */
  readonly clock?: Clock
}

const holderMax = 2 ** 48 - 1

/**
 * Deliveries from a durable queue in a SQLite file, for one machine: any number of processes, topics and groups.
 * Where the store is on the same file, effect, record and acknowledgement are one commit.
 */
export function sqliteSource(file: string, options: SqliteSourceOptions): Source {
  const others = ['topic', 'tag', 'open', 'clock'] as const
  const { holdMs } = resolveOptions('sqliteSource', options, ['holdMs', 'busyMsMax'], others)
  const { topic, tag = '*', open, busyMsMax, clock = systemClock } = options
  const wants = tagFilter(tag)
  const { database, release } = acquire(file, { open, busyMsMax })
  const holds = new WeakMap<Delivery, Hold>()
  const change = bell()
  const stopListening = database.onQueueChange(change.ring)
  let puller: Puller | undefined
  let closed = false

  function opened(): Puller {
    if (!closed && puller !== undefined) return puller
    const why = closed ? 'is closed' : 'has not been opened'
    throw new SemelError('SEMEL_SOURCE_CLOSED', `the source of ${topic} on ${database.file} ${why}`)
  }
`
