import type { Message } from '../delivery/message.ts'

/** One topic, as one of its groups sees it. */
export interface QueueRow {
  readonly topic: string
}

export interface Queue {
  list(): Promise<readonly QueueRow[]>
  peek(topic: string, limit: number): Promise<readonly Message<Uint8Array>[]>
  close(): Promise<void>
}
