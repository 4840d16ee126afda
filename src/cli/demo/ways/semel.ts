import { createConsumer } from '../../../consume/create-consumer.ts'
import { on } from '../../../events/events.ts'
import { unchecked } from '../../../delivery/schema.ts'
import { sqliteSource, sqliteStore } from '../../../sqlite/index.ts'
import { faultySource, faultyStore } from '../../../testing/faults.ts'
import type { Order } from '../arrivals.ts'
import type { Parent } from '../parent.ts'
import { group, holdMs, insertLedger, topic, type Way } from './way.ts'

/** Effect, record and acknowledgement in one commit. The wrappers only let it be killed at a point by name. */
export const semelWay: Way = {
  name: 'semel',
  fails: undefined,
  schema: '',
  points: [
    'after pull',
    'after begin',
    'after record insert',
    'after handler',
    'after joined ack',
    'after seal',
    'before commit',
    'after commit',
    'after claim',
    'after record settle',
    'after ack',
  ],
  consume,
}

async function consume(file: string, { reach, count, onStop }: Parent): Promise<void> {
  const store = faultyStore(sqliteStore(file), reach)
  const consumer = createConsumer({
    group,
    source: faultySource(sqliteSource(file, { topic, holdMs }), reach),
    store,
    body: unchecked<Order>(),
    key: (message) => message.body.id,
    leaseMs: holdMs,
    handler: ({ body }, { tx }) => tx.prepare(insertLedger).run(body.id, body.cents),
  })
  on('applied', () => count('acknowledged'))
  on('duplicate', () => count('acknowledged'))
  onStop(async () => {
    await consumer.stop()
    await store.close()
  })
  await consumer.start()
  await consumer.ended
}
