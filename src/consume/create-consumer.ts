import type { AssuranceLevel } from '../inbox/assurance.ts'
import type { JsonValue } from '../inbox/json.ts'
import { consumerOf } from './consumer.ts'
import type { Consumer, ConsumerOptions } from './consumer-options.ts'
import { type AnyOptions, resolveFlow } from './flow.ts'

/**
 * Door 2: the whole runtime over a broker.
 *
 * @example
 * const consumer = createConsumer({
 *   group: 'points',
 *   source: sqliteSource('shop.db', { topic: 'orders' }),
 *   store: sqliteStore('shop.db'),
 *   key: (message) => message.key,
 *   handler: (message, { tx }) => grant(tx, message.body),
 * })
 * await consumer.start()
 */
export function createConsumer<Tx, Body = JsonValue, L extends AssuranceLevel = 'A'>(
  options: ConsumerOptions<Tx, Body, L>,
): Consumer<L> {
  return consumerOf(resolveFlow(options as unknown as AnyOptions)) as Consumer<L>
}
