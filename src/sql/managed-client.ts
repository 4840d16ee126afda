import { isSemelError, SemelError } from '../errors/semel-error.ts'
import type { SqlClient, SqlConnection, SqlOpening, SqlRow, SqlTransaction } from './client.ts'
import type { ConnectorTransaction, SqlConnector } from './connector.ts'
import type { Dialect } from './dialect.ts'

/** What the store of a database gives to a client over a connector. */
export interface ManagedTerms extends Pick<Dialect, 'storeError' | 'commitError'> {
  readonly where: string
  /** Refuses what would end a transaction, or outlive it. */
  readonly refuse: (text: string) => void
}

/**
 * A client whose transactions the library begins and commits. Handlers cannot be kept from everything there, so
 * records are written `leased`, and the seal completes them (P9).
 */
export function managedClient<Tx>(connector: SqlConnector<Tx>, terms: ManagedTerms): SqlClient<Tx> {
  const { where, storeError, commitError } = terms
  return {
    name: connector.name,
    connectionsMax: connector.connectionsMax,
    guarded: false,
    interleaves: false,
    query: (statement) => plainly(connector.query(statement)),
    async transaction(opening, work) {
      const { isolation, timeoutMs } = opening
      const outcome: { answer?: Awaited<ReturnType<typeof work>> } = {}
      // Seen by two functions: as a property, so that the compiler forgets what it was.
      const now: { at: 'begin' | 'work' | 'commit'; thrown?: unknown } = { at: 'begin' }
      try {
        await connector.transaction({ isolation, timeoutMs }, async (on) => {
          now.at = 'work'
          try {
            const { transaction, finish } = begun(on, opening, terms)
            outcome.answer = await work(transaction)
            await finish()
          } catch (error) {
            now.thrown = error
            throw error
          }
          now.at = 'commit'
        })
      } catch (error) {
        // What the library makes of it, or of a ROLLBACK that failed, would hide why.
        if (now.at === 'work') throw now.thrown
        throw (now.at === 'begin' ? storeError : commitError)(driversError(error), where)
      }
      if (now.at !== 'commit') throw swallowed(where)
      return outcome.answer as Awaited<ReturnType<typeof work>>
    },
    join: (tx) => connection(connector.join(tx), terms),
    close: async () => undefined,
  }
}

/** A library that resolves without its callback has not committed what we asked for. */
function swallowed(where: string): SemelError {
  return new SemelError('SEMEL_TX_ROLLED_BACK', `${where}: the transaction was not committed`)
}

function begun<Tx>(
  on: ConnectorTransaction<Tx>,
  opening: SqlOpening,
  terms: ManagedTerms,
): { readonly transaction: SqlTransaction<Tx>; finish(): Promise<void> } {
  const { query, ...rest } = connection(on, terms)
  const ending: string[] = []
  let starting: Promise<void> | undefined
  let mark = ''

  const ask = (text: string): Promise<readonly SqlRow[]> => query({ text, values: [] })
  async function start(): Promise<void> {
    for (const text of opening.settings) await ask(text)
    const [row] = await ask(opening.mark)
    mark = (row?.['mark'] as string | undefined) ?? ''
  }
  const begin = (): Promise<void> => {
    starting ??= start()
    return starting
  }
  return {
    transaction: {
      ...rest,
      begin,
      async query(statement) {
        await begin()
        return query(statement)
      },
      last: (text) => ending.push(text),
    },
    /** The proof last: what was swallowed before it makes it fail, and nothing of ours comes between it and COMMIT. */
    async finish() {
      if (starting === undefined) return
      await starting
      try {
        for (const text of [...ending, opening.proof(mark)]) await ask(text)
      } catch (error) {
        throw terms.storeError(error, terms.where)
      }
    },
  }
}

function connection<Tx>(on: ConnectorTransaction<Tx>, { refuse }: ManagedTerms): SqlConnection<Tx> {
  return {
    query: (statement) => plainly(on.query(statement)),
    script: undefined,
    forHandler() {
      let over = false
      const tx = on.face({
        isOver: () => over,
        check(text) {
          if (over) throw late()
          refuse(text)
        },
      })
      return {
        tx,
        end() {
          over = true
        },
      }
    },
  }
}

/** Errors of the driver itself, without what the library has put around them. */
async function plainly<R>(work: Promise<R>): Promise<R> {
  try {
    return await work
  } catch (error) {
    throw driversError(error)
  }
}

/** The innermost error that has a code; libraries hand it on as `cause` or under a name of their own. */
export function driversError(error: unknown): unknown {
  let found = error
  let at: unknown = error
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    if (isSemelError(at)) return at
    const { code, cause, driverError, originalError } = at as {
      readonly code?: unknown
      readonly cause?: unknown
      readonly driverError?: unknown
      readonly originalError?: unknown
    }
    if (code !== undefined) found = at
    at = cause ?? driverError ?? originalError
  }
  return found
}

function late(): SemelError {
  return new SemelError('SEMEL_TX_OVER', 'this message has ended, and its transaction with it')
}
