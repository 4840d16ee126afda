import { SemelError } from '../errors/semel-error.ts'
import type { AssuranceLevel } from '../inbox/assurance.ts'
import type { Key } from '../inbox/key.ts'
import type { Lock } from '../inbox/lock.ts'
import type { Strategy } from '../inbox/strategy.ts'
import { resolveOptions } from '../options/resolve.ts'

export interface WithLockOptions<in In> {
  /** What is locked: the account, the seat, the file. */
  readonly resource: (input: In) => Key
  /** How long to wait for whoever holds it, in milliseconds. Default: 1 000. */
  readonly waitMs?: number
}

/**
 * Holds a lock from before the transaction until after the commit. It saves work and waiting; what is guaranteed is what
 * `strategy` guarantees. A message whose lock is held by somebody else is `held`: it waits, uncounted, and comes again.
 * When the lock is lost the signal of the handler aborts. The handler gets its token as `context.lock.token`, to be
 * compared by `fenced()`. Batches are of one message each.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 */
export function withLock<L extends AssuranceLevel, In, Locked = In>(
  lock: Lock,
  strategy: Strategy<L, In>,
  options: WithLockOptions<Locked>,
): Strategy<L, In & Locked> {
  const { waitMs } = resolveOptions('withLock', options, ['waitMs'], ['resource'])
  if (typeof lock?.acquire !== 'function')
    throw new SemelError('SEMEL_OPTION_INVALID', 'withLock needs a lock, such as redisLock(client)')
  if (typeof options.resource !== 'function')
    throw new SemelError('SEMEL_OPTION_INVALID', 'withLock: resource must be a function')
  if (strategy.lock !== undefined)
    throw new SemelError('SEMEL_OPTION_INVALID', `${strategy.name} holds a lock already`)
  const { resource } = options
  return {
    ...strategy,
    name: `${strategy.name} under a lock (${lock.name})`,
    lock: { lock, resource, waitMs },
  }
}
