import { setTimeout as pause } from 'node:timers/promises'
import { type Consumer, createConsumer, type Store, unchecked } from 'semel'
import { sqliteSource } from 'semel/sqlite'
import type { Opened } from './kinds.ts'
import { type Body, type Given, group, keyspace } from './given.ts'

type Terms = Pick<Given, 'file' | 'holdMs' | 'options'> & {
  readonly opened: Pick<Opened, 'apply'>
  readonly store: Store
  readonly topic: string
  /** Is told of every start of the handler, before it does anything. */
  readonly onPerform: (body: Body) => void
}

/** The consumer of these tests: its effect comes first, so that whatever goes wrong behind it must take it back. */
export function consumerOf(terms: Terms): Consumer {
  const { file, holdMs, options, opened, store, topic, onPerform } = terms
  const consumer = createConsumer({
    group,
    keyspace,
    source: sqliteSource(file, { topic, holdMs }),
    store,
    body: unchecked<Body>(),
    key: ({ body }) => body.id,
    async handler({ body }, { tx, attempt }) {
      onPerform(body)
      await opened.apply(tx, body)
      if (body.waitsMs !== undefined) await pause(body.waitsMs)
      if (attempt <= (body.failures ?? 0)) throw new Error(`fails in attempt ${attempt}`)
    },
    ...options,
  })
  return consumer
}
