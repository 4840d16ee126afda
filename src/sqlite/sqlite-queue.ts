import type { Message } from '../delivery/message.ts'
import { type Clock, systemClock } from '../inbox/clock.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { Connection, SqliteOpen } from './connection.ts'
import { messageOf, type QueueRow } from './queue-rows.ts'
import { acquire } from './registry.ts'
import { queue } from './statements.gen.ts'

export interface SqliteQueueOptions {
  /** Makes the connection. Default: however the store of this file does, else `node:sqlite`. */
  readonly open?: SqliteOpen
  /** How long to wait for another process that writes the same file, in milliseconds. Default: 5 000. */
  readonly busyMsMax?: number
  /** Default: the system's. */
  readonly clock?: Clock
}

/** What the queue keeps under one topic. */
export interface QueueTopic {
  readonly topic: string
  readonly messages: number
  /** Of the bodies. */
  readonly bytes: number
  readonly groups: readonly QueueGroup[]
}

/** What is left for one group; in broadcast for one instance of it. */
export interface QueueGroup {
  readonly group: string
  readonly instance: string | undefined
  /** Could be delivered now. */
  readonly waiting: number
  /** Delivered, and neither acknowledged nor given back. */
  readonly inFlight: number
  /** Sent or given back with a delay that has not passed. */
  readonly delayed: number
}

/** A message that stands in the queue. */
export interface QueuedMessage extends Message<Uint8Array> {
  /** When it is delivered at the earliest, in milliseconds since 1970. */
  readonly dueAtMs: number
}

/** Which group, or which instance of it in broadcast. */
export interface QueuePlace {
  readonly topic: string
  readonly group: string
  readonly instance?: string
}

/** What an operator can see and do in the queue of a file. */
export interface SqliteQueue {
  /** Every topic that keeps messages or has groups, by name. */
  list(): Promise<readonly QueueTopic[]>
  /** The oldest messages of a topic. Takes nothing. */
  peek(topic: string, limit: number): Promise<readonly QueuedMessage[]>
  /**
   * Forgets a group that does not come any more; nothing waits for it from then on. If it comes again it begins
   * with the first message that is still kept. Answers whether there was one.
   */
  removeGroup(place: QueuePlace): Promise<boolean>
  /** Removes messages that were sent more than so many milliseconds ago, whoever still waits for them. Answers how many. */
  prune(topic: string, olderThanMs: number): Promise<number>
  close(): Promise<void>
}

interface TopicRow {
  readonly topic: string
  readonly messages: number
  readonly bytes: number
}

interface GroupRow {
  readonly topic: string
  readonly group_name: string
  readonly instance: string
  readonly unseen: number
  readonly undue: number
  readonly visible: number
  readonly in_flight: number
  readonly hidden: number
}

/** Messages that are removed in one transaction. */
const pruneMax = 500

/**
 * The queue in a SQLite file as an operator sees it.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function sqliteQueue(file: string, options: SqliteQueueOptions = {}): SqliteQueue {
  resolveOptions('sqliteQueue', options, ['busyMsMax'], ['open', 'clock'])
  const { open, busyMsMax, clock = systemClock } = options
  const { database, release } = acquire(file, { open, busyMsMax })
  return {
    list: () => database.read((connection) => topics(connection, clock.nowMs())),
    peek: (topic, limit) =>
      database.read((connection) =>
        connection
          .all<QueueRow>(queue.behind, topic, 0, limit)
          .map((row) => ({ ...messageOf(row), dueAtMs: row.due_ms })),
      ),
    removeGroup: ({ topic, group, instance = '' }) =>
      database.write((connection) => {
        connection.run(queue.removeDeliveries, topic, group, instance)
        return connection.run(queue.removeSubscription, topic, group, instance) > 0
      }),
    async prune(topic, olderThanMs) {
      const beforeMs = clock.nowMs() - olderThanMs
      for (let pruned = 0; ; ) {
        const some = await database.write((connection) => removeSome(connection, topic, beforeMs))
        pruned += some
        if (some < pruneMax) return pruned
      }
    },
    close: release,
  }
}

function topics(connection: Connection, nowMs: number): readonly QueueTopic[] {
  const kept = connection.all<TopicRow>(queue.topics)
  const now = [nowMs, nowMs, nowMs, nowMs, nowMs]
  const groups = connection.all<GroupRow>(queue.subscriptions, ...now)
  const names = new Set([...kept, ...groups].map(({ topic }) => topic))
  return [...names].sort().map((topic) => {
    const { messages = 0, bytes = 0 } = kept.find((row) => row.topic === topic) ?? {}
    return {
      topic,
      messages,
      bytes,
      groups: groups.filter((row) => row.topic === topic).map(groupOf),
    }
  })
}

function groupOf(row: GroupRow): QueueGroup {
  return {
    group: row.group_name,
    instance: row.instance || undefined,
    waiting: row.unseen + row.visible,
    inFlight: row.in_flight,
    delayed: row.undue + row.hidden,
  }
}

/** What is under way of a removed message would never come to an end. */
function removeSome(connection: Connection, topic: string, beforeMs: number): number {
  const removed = connection.run(queue.removeOlder, topic, beforeMs, pruneMax)
  if (removed > 0) connection.run(queue.orphans, topic)
  return removed
}
