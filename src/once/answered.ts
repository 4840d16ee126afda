import { setTimeout as pause } from 'node:timers/promises'
import { monotonicMs } from '../inbox/clock.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import type { Store } from '../inbox/store.ts'
import type { Answer } from './answer.ts'
import { type Door, tryOnce } from './door.ts'
import { enterKey } from './in-flight.ts'
import { refuseInside } from './inside.ts'
import { lockHeldMs, underLock } from './locked.ts'
import { refuseNested } from './nested.ts'
import type { Task } from './transaction.ts'

/** What `run()` is given beside its key and its function. */
interface Asked {
  readonly input?: unknown
  readonly signal?: AbortSignal
}

/** Tries until somebody has an answer, at most `heldWaitMs`; each try under the lock of the strategy, if it has one. */
export async function answered(
  door: Door,
  task: Task,
  { input, signal }: Asked,
  heldWaitMs: number,
): Promise<Answer> {
  const { store, strategy } = door
  refuseInside(store, strategy)
  await door.ready()
  await refuseNested(store, task)
  return waitWhileHeld(store, task, heldWaitMs, async () => {
    const got = await underLock({ strategy, signal }, input, (locked) =>
      tryOnce(door, locked(task)),
    )
    return got ?? { kind: 'held', retryAfterMs: lockHeldMs }
  })
}

/** Asks, and while somebody else holds the key waits in process, up to `waitMs`. */
async function waitWhileHeld(
  store: Store,
  identity: Identity,
  waitMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = monotonicMs() + waitMs
  for (;;) {
    const leftMs = Math.max(0, deadline - monotonicMs())
    const leave = await enterKey(store, identityName(identity), leftMs)
    if (leave === undefined) return { kind: 'held', retryAfterMs: waitMs }
    const answer = await ask().finally(leave)
    if (answer.kind !== 'held' || monotonicMs() >= deadline) return answer
    await pause(Math.min(answer.retryAfterMs, 50, deadline - monotonicMs()) + 1)
  }
}
