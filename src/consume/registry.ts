import { SemelError } from '../errors/semel-error.ts'
import type { Flow } from './flow.ts'

/** Consumers that run in this process, also over two copies of this package. */
const registryName = Symbol.for('semel.consumers')

/**
 * Two consumers for one group and topic would take each other's messages with different handlers. Answers how to
 * leave the registry.
 *
 * @throws SEMEL_CONSUMER_TWICE
 */
export function registerConsumer({ group, topic, instance, source }: Flow): () => void {
  const running = registry()
  const name = JSON.stringify([group, source.name, topic, instance ?? null])
  if (running.has(name))
    throw new SemelError(
      'SEMEL_CONSUMER_TWICE',
      `group ${group} already has a consumer of topic ${topic} in this process`,
    )
  running.add(name)
  return () => void running.delete(name)
}

function registry(): Set<string> {
  const holder = globalThis as unknown as Record<symbol, Set<string> | undefined>
  holder[registryName] ??= new Set()
  return holder[registryName]
}
