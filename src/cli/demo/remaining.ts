import { sqliteQueue, sqliteStore } from '../../sqlite/index.ts'
import { group } from './ways/way.ts'

/** What is not yet done: messages of the queue that nobody has acknowledged, and those that are parked. */
export interface Remaining {
  count(): Promise<number>
  close(): Promise<void>
}

export async function openRemaining(file: string): Promise<Remaining> {
  const store = sqliteStore(file)
  const queue = sqliteQueue(file)
  await store.prepare()
  return {
    async count() {
      const topics = await queue.list()
      const parked = await store.parking.usage(group)
      return topics.reduce((sum, { messages }) => sum + messages, parked.messages)
    },
    async close() {
      await queue.close()
      await store.close()
    },
  }
}
