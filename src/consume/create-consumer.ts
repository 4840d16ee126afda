import type { AssuranceLevel, Weakest } from '../inbox/assurance.ts'
import type { JsonValue } from '../inbox/json.ts'
import type { LevelOf } from '../once/context.ts'
import type { Effects, NoEffects } from '../once/effects/declarations.ts'
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
export function createConsumer<
  Tx,
  Body = JsonValue,
  L extends AssuranceLevel = 'A',
  const E extends Effects = NoEffects,
>(options: ConsumerOptions<Tx, Body, L, E>): Consumer<Weakest<L, LevelOf<E>>> {
  const consumer: Consumer = consumerOf(resolveFlow(options as unknown as AnyOptions))
  return consumer as Consumer<Weakest<L, LevelOf<E>>>
}
