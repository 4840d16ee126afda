import type { Message } from '../delivery/message.ts'

/** What is left for one group; in broadcast for one instance of it. */
export interface QueueGroup {
  readonly group: string
  readonly instance: string | undefined
  /** Could be delivered now. */
  readonly waiting: number
  /** Delivered, and neither acknowledged nor given back. */
  readonly inFlight: number
  /** Their delay has not passed. */
  readonly delayed: number
}

export interface QueueTopic {
  readonly topic: string
  readonly messages: number
  /** Of the bodies. */
  readonly bytes: number
  readonly groups: readonly QueueGroup[]
}

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

/** A queue that can be looked into without taking anything, and tidied up. */
export interface Queue {
  list(): Promise<readonly QueueTopic[]>
  /** The oldest messages of a topic. */
  peek(topic: string, limit: number): Promise<readonly QueuedMessage[]>
  /** Nothing waits for the group any more. Answers whether there was one. */
  removeGroup(place: QueuePlace): Promise<boolean>
  /** Removes messages that were sent longer ago, whoever still waits for them. Answers how many. */
  prune(topic: string, olderThanMs: number): Promise<number>
  close(): Promise<void>
}
