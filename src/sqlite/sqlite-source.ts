import { randomInt } from 'node:crypto'
import type { Source, SourceCapabilities } from '../delivery/source.ts'
import { tagFilter } from '../delivery/tags.ts'
import { SemelError } from '../errors/semel-error.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import { resolveOptions } from '../options/resolve.ts'
import { bell } from './bell.ts'
import type { SqliteOpen } from './connection.ts'
import { deliveryOf } from './queue-deliveries.ts'
import { pull, type Puller } from './queue-pull.ts'
import { settlements } from './queue-settle.ts'
import { giveBack, subscribe } from './queue-steps.ts'
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

/** Drawn anew by each source, so that nobody takes what another one has in hand for its own. */
const holderMax = 2 ** 48 - 1

/**
 * Deliveries from a durable queue in a SQLite file, for one machine: any number of processes, topics and groups.
 * Where the store is on the same file, effect, record and acknowledgement are one commit.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function sqliteSource(file: string, options: SqliteSourceOptions): Source {
  const { holdMs } = resolveOptions('sqliteSource', options, ['holdMs', 'busyMsMax'], others)
  const { topic, tag = '*', open, busyMsMax, clock = systemClock } = options
  refuseNoTopic(topic)
  const wants = tagFilter(tag)
  const { database, release } = acquire(file, { open, busyMsMax })
  const change = bell()
  const stopListening = database.onQueueChange(change.ring)
  let puller: Puller | undefined
  let closed = false

  function refuseClosed(): void {
    if (closed) throw unusable(topic, database.file, 'is closed')
  }
  function opened(): Puller {
    refuseClosed()
    if (puller === undefined) throw unusable(topic, database.file, 'has not been opened')
    return puller
  }
  const { within, ...settling } = settlements({ database, opened, holdMs, clock })

  return {
    name: 'sqlite',
    topic,
    capabilities: capabilities(holdMs),
    within,
    ...settling,
    async open(subscription) {
      refuseClosed()
      const id = await database.write((connection) => subscribe(connection, topic, subscription))
      const place = { subscription: id, topic, holder: randomInt(holderMax) }
      puller = { database, place, bell: change, clock, acknowledged: [], isClosed: () => closed }
    },
    async pull(limit, signal) {
      const taken = await pull(opened(), { limit, holdMs, wants }, signal)
      return taken.map(deliveryOf)
    },
    async close() {
      if (closed) return
      closed = true
      change.ring()
      stopListening()
      const place = puller?.place
      try {
        if (place !== undefined)
          await database.write((connection) => giveBack(connection, place, clock.nowMs()))
      } finally {
        database.queueChanged()
        await release()
      }
    },
  }
}

const others = ['topic', 'tag', 'open', 'clock'] as const

function capabilities(holdMs: number): SourceCapabilities {
  return {
    marksRedelivery: true,
    delays: 'native',
    order: 'key',
    holdMs,
    redeliveryHorizonMs: Number.POSITIVE_INFINITY,
    deliveriesMax: undefined,
  }
}

function refuseNoTopic(topic: unknown): void {
  if (typeof topic === 'string' && topic !== '' && topic.isWellFormed()) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `sqliteSource: topic is ${JSON.stringify(topic)}; it must be the name of a topic`,
  )
}

function unusable(topic: string, file: string, why: string): SemelError {
  return new SemelError('SEMEL_SOURCE_CLOSED', `the source of topic ${topic} on ${file} ${why}`)
}
