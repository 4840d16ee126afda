import { SemelError } from '../errors/semel-error.ts'
import type { Clock } from '../inbox/clock.ts'
import type { OpenTransaction, SealedRecord } from '../inbox/store.ts'
import type { Connection, SqliteConnection } from './connection.ts'
import { type HandlerConnection, handlerConnection } from './handler-connection.ts'
import { type Mark, markOn, part, rolledBack } from './mark.ts'
import { applyTo, areSealed, insertAll, isParkedIn, place, viewAt } from './records.ts'
import { storeError } from './sqlite-errors.ts'
import { inbox } from './statements.gen.ts'

interface Context {
  readonly file: string
  readonly clock: Clock
}

/** Runs a step of ours, if the transaction is still open. Errors of its statements are translated. */
type Ours = <R>(work: () => R) => R

/** The port over a transaction that is open on a connection; `end` makes every later use of it an error. */
export function openTransaction(
  connection: Connection,
  { file, clock }: Context,
): { readonly transaction: OpenTransaction<SqliteConnection>; end(): void } {
  const handlers = new Set<HandlerConnection>()
  const mark = markOn(connection)
  let over = false

  function refuseOver(): void {
    if (over) throw new SemelError('SEMEL_TX_OVER', `${file}: this transaction has ended`)
  }
  const ours: Ours = (work) => {
    refuseOver()
    // Outside of a transaction each statement would commit by itself.
    if (!connection.inTransaction()) throw rolledBack('it was ended inside, or by SQLite itself')
    try {
      return work()
    } catch (error) {
      throw storeError(error, file)
    }
  }
  function forHandler(): ReturnType<OpenTransaction<SqliteConnection>['forHandler']> {
    ours(mark.set)
    const handler = handlerConnection(connection.raw)
    handlers.add(handler)
    const end = (threw?: boolean): void => {
      handler.end()
      // Who comes back when the transaction was given up must not go on to acknowledge.
      if (threw !== true) refuseOver()
    }
    return { tx: handler.tx, end }
  }
  return {
    transaction: { forHandler, ...steps(connection, clock, mark, ours) },
    end() {
      over = true
      for (const { end } of handlers) end()
    },
  }
}

function steps(
  connection: Connection,
  clock: Clock,
  mark: Mark,
  ours: Ours,
): Omit<OpenTransaction<SqliteConnection>, 'forHandler'> {
  return {
    insert: async (records) =>
      ours(() => {
        const fresh = insertAll(connection, records, clock.nowMs())
        mark.set()
        return fresh
      }),
    read: async (identities) =>
      ours(() => identities.map((identity) => viewAt(connection, identity, clock.nowMs()))),
    settle: async (settlements) =>
      ours(() => {
        mark.release()
        return settlements.map(({ lease, outcome }) => {
          const ask = { on: 'settle', lease, outcome, repeatable: false } as const
          return applyTo(connection, lease, ask, clock.nowMs()).changed ? 'settled' : 'fenced'
        })
      }),
    parkedIn: async (lanes) => ours(() => lanes.map((lane) => isParkedIn(connection, lane))),
    withdraw: async (identities) =>
      ours(() => {
        for (const identity of identities)
          applyTo(connection, identity, { on: 'forget' }, clock.nowMs())
      }),
    savepoint: (work) => mark.around(() => part(connection, ours, work)),
    nobodysFault: () => undefined,
    seal: async (records) =>
      ours(() => {
        mark.release()
        const bare = Map.groupBy(records, ({ result, scope }) =>
          result === undefined ? scope : '',
        )
        for (const record of bare.get('') ?? []) sealOne(connection, record)
        bare.delete('')
        for (const some of bare.values())
          if (!areSealed(connection, some)) throw rolledBack('a record of it is gone')
      }),
  }
}

function sealOne(connection: Connection, record: SealedRecord): void {
  const row = connection.get<{ readonly result: string | null }>(inbox.sealed, ...place(record))
  if (row === undefined) throw rolledBack('a record of it is gone')
  const { result = null } = record
  if (row.result !== result) connection.run(inbox.writeResult, result, ...place(record))
}
