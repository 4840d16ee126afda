import type { Source, WithinTransaction } from '../delivery/source.ts'
import { assertThat } from '../errors/semel-error.ts'
import type { Clock } from '../inbox/clock.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { holdsOf } from './queue-deliveries.ts'
import type { Puller } from './queue-pull.ts'
import { ackAll, type Hold, nack, renew } from './queue-steps.ts'

interface Context {
  readonly database: Database
  readonly holdMs: number
  readonly clock: Clock
  /** Throws when the source is not open. */
  opened(): Puller
}

/** The verbs that end or keep a delivery. Who has lost his hold changes nothing by them. */
export function settlements({
  database,
  holdMs,
  clock,
  opened,
}: Context): Pick<Source, 'ack' | 'nack' | 'renew'> & { readonly within: WithinTransaction } {
  return {
    async ack(deliveries) {
      const { place, acknowledged } = opened()
      const holds = holdsOf(deliveries)
      if (holds.length === 0) return
      await database.write((connection) => ackAll(connection, place, holds))
      acknowledged.push(...seqsOf(holds))
    },
    async nack(deliveries, redeliverAfterMs) {
      const { place } = opened()
      const visibleMs = clock.nowMs() + redeliverAfterMs
      const giveBack = (connection: Connection): void => {
        for (const hold of holdsOf(deliveries)) nack(connection, place, hold, visibleMs)
      }
      await database.write(giveBack)
      database.queueChanged()
    },
    async renew(deliveries) {
      const { place } = opened()
      await database.write((connection) => {
        const visibleMs = clock.nowMs() + holdMs
        for (const hold of holdsOf(deliveries)) renew(connection, place, hold, visibleMs)
      })
    },
    within: {
      medium: database,
      ack(deliveries) {
        const { place, acknowledged } = opened()
        const connection = database.inside()
        assertThat(connection, 'within.ack is called inside a transaction of the store')
        const holds = holdsOf(deliveries)
        // If the transaction is rolled back these are still held, and nobody removes them.
        acknowledged.push(...seqsOf(holds))
        return ackAll(connection, place, holds)
      },
    },
  }
}

function seqsOf(holds: readonly Hold[]): readonly number[] {
  return holds.map(({ seq }) => seq)
}
