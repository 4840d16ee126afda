import { describeError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { type Runtime, sleep } from './runtime.ts'

/** Records in one commit: a claim never waits for more. */
const stepMax = 1_000

/** One for each store in this process, however many consumers it has. */
interface Turn {
  taken: boolean
  endedMs: number
}

const turns = new WeakMap<object, Turn>()

/**
 * Forgets what nobody needs to remember any more (P32), as long as the consumer runs. Never throws: a store that
 * does not answer is asked again the next time.
 */
export async function keepUp(run: Runtime): Promise<void> {
  const { pruneEveryMs } = run.flow.limits
  if (pruneEveryMs === 0) return
  const turn = turnOf(run.flow.store)
  // Processes that were started together do not begin together.
  let waitMs = pruneEveryMs * Math.random()
  while (!run.stopping.aborted) {
    await sleep(waitMs, run.stopping)
    waitMs = pruneEveryMs * (0.5 + Math.random())
    const isDue = monotonicMs() - turn.endedMs >= pruneEveryMs / 2
    if (!run.stopping.aborted && !turn.taken && isDue) await pruneInTurn(run, turn)
  }
}

async function pruneInTurn(run: Runtime, turn: Turn): Promise<void> {
  const { group, topic } = run.flow
  turn.taken = true
  try {
    const records = await pruneAll(run)
    if (records > 0) emit('pruned', () => ({ group, topic, records }))
  } catch (error) {
    emit('prune-failed', () => ({ group, topic, error: describeError(error) }))
  } finally {
    turn.taken = false
    turn.endedMs = monotonicMs()
  }
}

/** Step by step, and after each a pause as long as it took: consuming has at least half of the store. */
async function pruneAll({ flow, stopping }: Runtime): Promise<number> {
  let pruned = 0
  while (!stopping.aborted) {
    const beganMs = monotonicMs()
    const some = await flow.store.inspector.prune(stepMax)
    pruned += some
    if (some < stepMax) break
    await sleep(Math.max(1, monotonicMs() - beganMs), stopping)
  }
  return pruned
}

function turnOf(store: Runtime['flow']['store']): Turn {
  const place = store.medium ?? store
  const turn = turns.get(place) ?? { taken: false, endedMs: Number.NEGATIVE_INFINITY }
  turns.set(place, turn)
  return turn
}
