// A consumer in a process of its own, over a store of several files, in one step of a move.
import { createConsumer, eventNames, on, unchecked } from 'semel'
import { sharded } from 'semel/sharding'
import { sqliteSource, sqliteStore } from 'semel/sqlite'
import { reportToParent } from '../../src/cli/demo/parent.ts'
import { type Name, type Step, steps } from './sharded-maps.ts'

/** What a worker is given. */
export interface Given {
  readonly queue: string
  readonly files: Readonly<Record<Name, string>>
  readonly step: Step
}

interface Body {
  readonly id: string
  readonly failures: number
}

const { given, count, onStop } = reportToParent()
const { queue, files, step } = given as Given
const stores = { a: sqliteStore(files.a), b: sqliteStore(files.b), c: sqliteStore(files.c) }
const store = sharded(stores, steps[step])
const consumer = createConsumer({
  group: 'points',
  source: sqliteSource(queue, { topic: 'orders', holdMs: 250 }),
  store,
  body: unchecked<Body>(),
  key: (message) => message.body.id,
  handler({ body }, { tx, attempt }) {
    tx.prepare('insert into ledger (message) values (?)').run(body.id)
    if (attempt <= body.failures) throw new Error(`fails in attempt ${attempt}`)
  },
  leaseMs: 250,
  retryDelayMs: 5,
  retryDelayMsMax: 20,
  parkedPollMs: 20,
  heldWaitMs: 50,
  batchMax: 8,
  circuitFailures: 10_000,
})

for (const name of eventNames) on(name, () => count(name))
onStop(async () => {
  await consumer.stop()
  await store.close()
})
await consumer.start()
count('started')
const end = await consumer.ended
if (end !== undefined) throw end.error
