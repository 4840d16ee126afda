import { type Opening, patienceMs, patiently } from './connect.ts'
import type { Connection } from './connection.ts'
import { type OpenWork, performForeign } from './foreign.ts'
import { line } from './line.ts'
import { type LiveConnection, liveConnection } from './live-connection.ts'
import { transaction as sql } from './statements.gen.ts'

/**
 * One file with its one connection, which everybody in the process shares: SQLite has one writer. Work waits for
 * its turn. Errors of our statements are translated.
 */
export interface Database {
  readonly file: string
  /** In a transaction, with what else waits. `work` may be called twice, and changes nothing but the file. */
  write<R>(work: (connection: Connection) => R): Promise<R>
  /** Sees one state of the file. */
  read<R>(work: (connection: Connection) => R): Promise<R>
  /** A transaction in which code of others runs; see {@link performForeign}. */
  transaction<R>(work: (open: OpenWork) => Promise<R>, messages?: number): Promise<R>
  /** The connection, while such a transaction is open on it. */
  inside(): Connection | undefined
  /** Hears of every change of the queue by this process, until the function that it answers is called. */
  onQueueChange(listener: () => void): () => void
  queueChanged(): void
  /** Closes the connection when everything before has had its turn. */
  close(): Promise<void>
}

type Turn = Shared | { readonly shares: false; readonly perform: () => Promise<void> }

/** Whole in one synchronous step. */
interface Shared {
  readonly shares: true
  readonly work: (connection: Connection) => unknown
  readonly done: (answer: unknown) => void
  readonly failed: (error: unknown) => void
}

export function databaseOf(opening: Opening): Database {
  const live = liveConnection(opening)
  const listeners = new Set<() => void>()
  const turns = line<Turn>(async (jobs) => {
    const [first] = jobs
    if (first?.shares === false) await first.perform()
    else await performShared(live, jobs as readonly Shared[])
  })
  let inside: Connection | undefined

  async function foreign<R>(work: (open: OpenWork) => Promise<R>, messages: number): Promise<R> {
    const mine = await live.begun()
    inside = mine
    try {
      return await performForeign(live, mine, work, messages)
    } finally {
      inside = undefined
    }
  }
  function alone<R>(perform: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      turns.add({ shares: false, perform: () => perform().then(resolve, reject) })
    })
  }

  return {
    file: opening.file,
    write: <R>(work: (connection: Connection) => R) =>
      new Promise<R>((resolve, failed) => {
        turns.add({ shares: true, work, done: (answer) => resolve(answer as R), failed })
      }),
    read: (work) => alone(() => performRead(live, work, patienceMs(opening))),
    transaction: (work, messages = 1) => alone(() => foreign(work, messages)),
    inside: () => inside,
    onQueueChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    queueChanged() {
      for (const listener of listeners) listener()
    },
    close: () => alone(async () => live.close()),
  }
}

/** Several in one commit; if that fails, each for itself, so that only the one to blame hears of it. */
async function performShared(live: LiveConnection, jobs: readonly Shared[]): Promise<void> {
  const mine = await live.begun().catch((error: unknown) => {
    for (const { failed } of jobs) failed(error)
  })
  if (mine === undefined) return
  try {
    const answers = writeOnce(live, mine, jobs)
    for (const [at, { done }] of jobs.entries()) done(answers[at])
  } catch (error) {
    const [only, ...others] = jobs
    if (others.length === 0) only?.failed(live.translated(error))
    else for (const job of jobs) await performShared(live, [job])
  }
}

function writeOnce(
  live: LiveConnection,
  mine: Connection,
  jobs: readonly Shared[],
): readonly unknown[] {
  try {
    const answers = jobs.map(({ work }) => work(mine))
    live.commit(mine)
    return answers
  } catch (error) {
    live.undo(mine)
    throw error
  }
}

async function performRead<R>(
  live: LiveConnection,
  work: (connection: Connection) => R,
  busyMsMax: number,
): Promise<R> {
  try {
    const mine = await live.ready()
    return await patiently(() => readOnce(live, mine, work), busyMsMax)
  } catch (error) {
    throw live.translated(error)
  }
}

function readOnce<R>(
  live: LiveConnection,
  mine: Connection,
  work: (connection: Connection) => R,
): R {
  try {
    mine.run(sql.beginRead)
    const answer = work(mine)
    mine.run(sql.commit)
    return answer
  } catch (error) {
    live.undo(mine)
    throw error
  }
}
