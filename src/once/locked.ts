import { SemelError } from '../errors/semel-error.ts'
import { encodeKey, type Key } from '../inbox/key.ts'
import type { HeldLock } from '../inbox/lock.ts'
import type { Strategy, StrategyLock } from '../inbox/strategy.ts'
import type { Task } from './transaction.ts'

/** A task as it is performed under the lock of its strategy. */
export type Locked = (task: Task) => Task

/** How soon a message whose lock somebody else holds is tried again, in milliseconds. */
export const lockHeldMs = 1_000

/**
 * Works under the lock of a strategy, which is taken before and given back after: the commit lies between. Undefined:
 * somebody else holds it, and nothing was done. Without a lock it simply works.
 *
 * @throws SEMEL_LOCK_UNAVAILABLE, and the reason of `signal`
 */
export async function underLock<R>(
  { strategy, signal }: { readonly strategy: Strategy; readonly signal: AbortSignal | undefined },
  input: unknown,
  work: (locked: Locked) => Promise<R>,
): Promise<R | undefined> {
  const declared = strategy.lock as StrategyLock<unknown> | undefined
  if (declared === undefined) return work((task) => task)
  const resource = resourceOf(declared, input)
  // The message is to blame: its attempt fails, as if its handler had thrown it.
  if ('error' in resource)
    return work((task) => ({ ...task, perform: () => Promise.reject(resource.error) }))
  const { lock, waitMs } = declared
  const held = await lock.acquire(resource.key, { waitMs, ...(signal && { signal }) })
  if (held === undefined) return undefined
  try {
    return await work((task) => taskUnder(held, task))
  } finally {
    await held.release()
  }
}

function resourceOf(
  { resource }: StrategyLock<unknown>,
  input: unknown,
): { readonly key: Key } | { readonly error: unknown } {
  try {
    const key = resource(input)
    encodeKey(key)
    return { key }
  } catch (error) {
    return { error }
  }
}

/** The handler is told the token, and stopped when the lock is lost: nobody has failed then. */
function taskUnder({ token, signal }: HeldLock, task: Task): Task {
  return {
    ...task,
    stops: [...task.stops, signal],
    perform: (context) => task.perform(Object.assign(context, { lock: { token } })),
  }
}

/** The transaction of a caller ends after the call: no lock of ours would still be held at its commit. */
export function refuseLockInside({ lock }: Strategy): void {
  if (lock === undefined) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    'runIn() cannot hold a lock until your commit: take it before you begin, or call run()',
  )
}
