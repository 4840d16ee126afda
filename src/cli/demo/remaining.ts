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
      const [here] = await queue.list()
      const [ours] = here?.groups ?? []
      const parked = await store.parking.usage(group)
      // Before the first consumer has come there is no group: everything is still to be done.
      const queued = ours ? ours.waiting + ours.inFlight + ours.delayed : (here?.messages ?? 0)
      return queued + parked.messages
    },
    async close() {
      await queue.close()
      await store.close()
    },
  }
}
