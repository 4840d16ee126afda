import { SemelError } from '../errors/semel-error.ts'
import type { Connection } from './connection.ts'
import type { LiveConnection } from './live-connection.ts'

/** A transaction in which code of others runs. */
export interface OpenWork {
  readonly connection: Connection
  /** Called before the transaction ends, however it does. */
  onEnd(end: () => void): void
}

/** Turns of the tick queue that the work of one message may take; no other task can run between them. */
const turnsMax = 16

/**
 * Begins, runs `work`, commits. What `work` throws passes as it is.
 *
 * @throws SEMEL_SQLITE_WAITED when it is not done at once: then nothing stays, and its connection is closed.
 */
export async function performForeign<R>(
  live: LiveConnection,
  mine: Connection,
  work: (open: OpenWork) => Promise<R>,
  messages: number,
): Promise<R> {
  const ends: (() => void)[] = []
  const running = work({ connection: mine, onEnd: (end) => void ends.push(end) })
  const settled = await settledAtOnce(running, messages * turnsMax)
  for (const end of ends) end()
  try {
    if (settled === undefined) throw waited()
    if (settled.status === 'rejected') throw settled.reason
    live.commit(mine)
    return settled.value
  } catch (error) {
    live.undo(mine)
    // A late write of what is left running would commit by itself if its connection were still open.
    if (settled === undefined) live.giveUp(mine)
    throw error
  }
}

/** How it ended; undefined when it still runs: then it waits for something else. */
async function settledAtOnce<R>(
  running: Promise<R>,
  turns: number,
): Promise<PromiseSettledResult<R> | undefined> {
  let settled: PromiseSettledResult<R> | undefined
  running.then(
    (value) => {
      settled = { status: 'fulfilled', value }
    },
    (reason: unknown) => {
      settled = { status: 'rejected', reason }
    },
  )
  for (let turn = 0; settled === undefined && turn < turns; turn++)
    await new Promise<void>((resolve) => process.nextTick(resolve))
  return settled
}

function waited(): SemelError {
  return new SemelError(
    'SEMEL_SQLITE_WAITED',
    'a handler waited for something else than the database inside a SQLite transaction; it was rolled back',
  )
}
