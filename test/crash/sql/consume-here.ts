import type { TestContext } from 'node:test'
import { type Consumer, eventNames, on, type Store } from 'semel'
import type { Limits } from '../given.ts'
import { limits } from '../kit.ts'
import type { Opened } from './kinds.ts'
import { type Place, topic } from './place.ts'
import { consumerOf } from './start-consumer.ts'
import { witnessed } from './witness.ts'

/** A consumer in the process of the test, with a connection to the database that the test may spoil. */
export interface Here {
  readonly consumer: Consumer
  readonly store: Store
  /** Events, starts of handlers, and codes of errors, each as often as it was met. */
  readonly met: Readonly<Record<string, number>>
}

export function consumerHere(t: TestContext, here: Place, opened: Opened, given: Limits): Here {
  const met: Record<string, number> = {}
  const meet = (what: string): void => {
    met[what] = (met[what] ?? 0) + 1
  }
  const store = witnessed(opened.store, meet)
  const consumer = consumerOf({
    file: here.file,
    holdMs: 30_000,
    options: { ...limits, leaseMs: 1_000, parkedPollMs: 10, ...given },
    opened,
    store,
    topic,
    onPerform: () => meet('performed'),
  })
  const deaf = eventNames.map((name) => on(name, () => meet(name)))
  t.after(async () => {
    await consumer.stop()
    for (const end of deaf) end()
  })
  return { consumer, store, met }
}
