import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Contestant, Question } from '../harness.ts'
import { close, leavesEvery, type Place, prepare } from './postgres.ts'

/** What one of several processes is told to do. */
export interface Share {
  readonly schema: string
  readonly way: 'plain' | 'inbox' | 'semel'
  readonly from: number
  readonly to: number
}

const processes = 4

const children = new WeakMap<Place, readonly ChildProcess[]>()

export const postgresContended: Question<Place> = {
  name: 'postgres-contended',
  asks: 'What does exactly once cost with four processes on 1,000 hot rows, nothing declared?',
  contestants: [
    { name: 'plain', ...together('plain'), verify: leavesEvery('deliveries') },
    { name: 'hand-written-inbox', ...together('inbox'), verify: leavesEvery('payments') },
    { name: 'semel', ...together('semel'), verify: leavesEvery('payments') },
  ],
  prepare: (deliveries) => prepare(deliveries),
  close,
}

/** Each has its own messages, with their copies; the accounts are everybody's. Timed is what they do once all are up. */
function together(way: Share['way']): Pick<Contestant<Place>, 'arrange' | 'consume'> {
  return {
    async arrange(place) {
      const { schema, deliveries } = place
      const size = Math.ceil(deliveries / processes)
      const started = Array.from({ length: processes }, (_, at) => {
        const child = fork(join(import.meta.dirname, '../postgres-worker.ts'))
        const to = Math.min(deliveries, (at + 1) * size)
        child.send({ schema, way, from: at * size, to } satisfies Share)
        return child
      })
      children.set(place, started)
      await Promise.all(started.map((child) => once(child, 'message')))
    },
    async consume(place) {
      const started = children.get(place) ?? []
      for (const child of started) child.send('go')
      const ends = await Promise.all(started.map((child) => once(child, 'message')))
      if (ends.length !== processes) throw new Error('a process of the bench has failed')
    },
  }
}
