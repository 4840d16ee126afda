import { SemelError } from '../errors/semel-error.ts'
import { connected, migrated, type Opening, patiently } from './connect.ts'
import type { Connection } from './connection.ts'
import { line } from './line.ts'
import { commitError, storeError } from './sqlite-errors.ts'
import { transaction as sql } from './statements.gen.ts'

/**
 * One file with its one connection, which everybody in the process shares: SQLite has one writer. Work waits for
 * its turn. Errors of our statements are translated.
 */
export interface Database {
  readonly file: string
  /**
   * In a transaction, together with what else waits. `work` may be called twice, and changes nothing but the file.
   */
  write<R>(work: (connection: Connection) => R): Promise<R>
  /** Sees one state of the file. */
  read<R>(work: (connection: Connection) => R): Promise<R>
  /**
   * A transaction in which code of others runs. What it throws passes as it is.
   *
   * @throws SEMEL_SQLITE_WAITED when `work` is not done at once, SEMEL_TX_ROLLED_BACK, SEMEL_OUTCOME_UNKNOWN
   */
  transaction<R>(work: (open: OpenWork) => Promise<R>): Promise<R>
  /** The connection, while such a transaction is open on it. */
  inside(): Connection | undefined
  /** Hears of every change of the queue by this process, until the function that it answers is called. */
  onQueueChange(listener: () => void): () => void
  queueChanged(): void
  /** Closes the connection when everything before has had its turn. */
  close(): Promise<void>
}

export interface OpenWork {
  readonly connection: Connection
  /** Called before the transaction ends, however it does. */
  onEnd(end: () => void): void
}

type Turn =
  | {
      readonly shares: true
      readonly work: (connection: Connection) => unknown
      readonly done: (answer: unknown) => void
      readonly failed: (error: unknown) => void
    }
  | { readonly shares: false; readonly perform: () => Promise<void> }
type Shared = Extract<Turn, { shares: true }>

export function databaseOf(opening: Opening): Database {
  const { file } = opening
  const listeners = new Set<() => void>()
  const turns = line<Turn>(async ([first, ...rest]) => {
    if (first?.shares === false) await first.perform()
    else if (first !== undefined) await performShared([first, ...(rest as readonly Shared[])])
  })
  let connection: Connection | undefined
  let upToDate = false
  let inside: Connection | undefined

  async function ready(): Promise<Connection> {
    connection ??= await connected(opening)
    if (!upToDate) await migrated(connection, opening)
    upToDate = true
    return connection
  }
  async function begun(): Promise<Connection> {
    try {
      const mine = await ready()
      await patiently(() => mine.run(sql.begin), opening.busyMsMax)
      return mine
    } catch (error) {
      throw translated(error)
    }
  }
  function commit(mine: Connection): void {
    if (!mine.inTransaction())
      throw new SemelError('SEMEL_TX_ROLLED_BACK', `${file}: the transaction was ended inside`)
    try {
      mine.run(sql.commit)
    } catch (error) {
      throw commitError(error, file)
    }
  }
  function undo(mine: Connection): void {
    try {
      if (mine.inTransaction()) mine.run(sql.rollback)
    } catch {
      giveUp(mine)
    }
  }
  /** The next turn opens another one. */
  function giveUp(mine: Connection): void {
    if (connection === mine) connection = undefined
    try {
      mine.close()
    } catch {
      // It is closed, or broken; nobody uses it again.
    }
  }
  function translated(error: unknown): unknown {
    if (connection?.isOpen() === false)
      return new SemelError('SEMEL_STORE_CLOSED', `${file}: somebody closed the connection`, {
        cause: error,
      })
    return storeError(error, file)
  }

  async function performShared(jobs: readonly Shared[]): Promise<void> {
    let mine: Connection
    try {
      mine = await begun()
    } catch (error) {
      for (const { failed } of jobs) failed(error)
      return
    }
    try {
      const answers = jobs.map(({ work }) => work(mine))
      commit(mine)
      for (const [at, { done }] of jobs.entries()) done(answers[at])
    } catch (error) {
      undo(mine)
      const [only, ...others] = jobs
      if (others.length === 0) only?.failed(translated(error))
      // One of them is to blame: each for itself.
      else for (const job of jobs) await performShared([job])
    }
  }

  async function performForeign<R>(work: (open: OpenWork) => Promise<R>): Promise<R> {
    const mine = await begun()
    const ends: (() => void)[] = []
    inside = mine
    const running = work({ connection: mine, onEnd: (end) => void ends.push(end) })
    const settled = await settledAtOnce(running)
    for (const end of ends) end()
    inside = undefined
    if (settled?.status === 'fulfilled') {
      try {
        commit(mine)
        return settled.value
      } catch (error) {
        undo(mine)
        throw error
      }
    }
    undo(mine)
    if (settled !== undefined) throw settled.reason
    // What is left running has this connection: a late write through another reference would commit by itself.
    giveUp(mine)
    throw new SemelError(
      'SEMEL_SQLITE_WAITED',
      `${file}: a handler waited for something else than the database inside a transaction`,
    )
  }

  async function performRead<R>(work: (connection: Connection) => R): Promise<R> {
    try {
      const mine = await ready()
      return await patiently(() => readOnce(mine, work), opening.busyMsMax)
    } catch (error) {
      throw translated(error)
    }
  }
  function readOnce<R>(mine: Connection, work: (connection: Connection) => R): R {
    try {
      mine.run(sql.beginRead)
      const answer = work(mine)
      mine.run(sql.commit)
      return answer
    } catch (error) {
      undo(mine)
      throw error
    }
  }
  function alone<R>(perform: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      turns.add({ shares: false, perform: () => perform().then(resolve, reject) })
    })
  }

  return {
    file,
    write: <R>(work: (connection: Connection) => R) =>
      new Promise<R>((resolve, reject) => {
        const done = (answer: unknown): void => resolve(answer as R)
        turns.add({ shares: true, work, done, failed: reject })
      }),
    read: (work) => alone(() => performRead(work)),
    transaction: (work) => alone(() => performForeign(work)),
    inside: () => inside,
    onQueueChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    queueChanged() {
      for (const listener of listeners) listener()
    },
    close: () =>
      alone(async () => {
        if (connection !== undefined) giveUp(connection)
      }),
  }
}

/** Turns of the tick queue that work may take; no other task can run between them. */
const turnsMax = 16

/** How it ended, undefined when it still runs: then it waits for something else. */
async function settledAtOnce<R>(running: Promise<R>): Promise<PromiseSettledResult<R> | undefined> {
  let settled: PromiseSettledResult<R> | undefined
  running.then(
    (value) => {
      settled = { status: 'fulfilled', value }
    },
    (reason: unknown) => {
      settled = { status: 'rejected', reason }
    },
  )
  for (let turn = 0; settled === undefined && turn < turnsMax; turn++)
    await new Promise<void>((resolve) => process.nextTick(resolve))
  return settled
}
