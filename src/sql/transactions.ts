import { SemelError } from '../errors/semel-error.ts'
import type { OpenTransaction, Transactions, TransactionTerms } from '../inbox/store.ts'
import { claimed, type Claimed } from './claimed.ts'
import { hex } from '../inbox/bytes.ts'
import type { SqlConnection } from './client.ts'
import { views } from './looked.ts'
import { type On, run, send, type SqlParts } from './parts.ts'
import { apply } from './records.ts'
import { bytesOf } from './rows.ts'
import { savepoints } from './savepoints.ts'
import { slotsOf } from './slots.ts'

const alone: TransactionTerms = { messages: 1, interleaved: false }

/** Level A: through the user's client, record and effect in one commit. */
export function sqlTransactions<Tx>(parts: SqlParts<Tx>, concurrent: number): Transactions<Tx> {
  const enter = slotsOf(parts.client.pool ?? parts.client, concurrent)
  return {
    open: (work, terms = alone) =>
      enter(() =>
        parts.client.transaction(parts.dialect.opening(terms), async (connection) => {
          if (terms.claims !== true) await connection.begin()
          const last = async (text: string): Promise<void> => connection.last(text)
          const { transaction, end, complete } = opened(connection, parts, terms, last)
          try {
            const answer = await work(transaction)
            await complete()
            return answer
          } finally {
            end()
          }
        }),
      ),
    join(tx) {
      const connection = parts.client.join(tx)
      const { dialect } = parts
      const theirs = { ...parts, dialect: dialect.joined ?? dialect }
      const on: On = { connection, parts: theirs }
      const last = async (text: string): Promise<void> => {
        await send(on, { text, values: [] })
      }
      return opened(connection, theirs, alone, last).transaction
    },
  }
}

/** The port over a connection with a transaction on it; `end` makes every later use of it an error. */
function opened<Tx>(
  connection: SqlConnection<Tx>,
  parts: SqlParts<Tx>,
  terms: TransactionTerms,
  last: (text: string) => Promise<void>,
): { readonly transaction: OpenTransaction<Tx>; end(): void; complete(): Promise<void> } {
  const on: On = { connection, parts }
  const claims = claimed(on, connection, terms, last)
  const handlers = new Set<(threw?: boolean) => void>()
  let over = false

  function refuseOver(): void {
    if (over) throw new SemelError('SEMEL_TX_OVER', `${parts.where}: this transaction has ended`)
  }
  function forHandler(): ReturnType<OpenTransaction<Tx>['forHandler']> {
    refuseOver()
    const handler = connection.forHandler()
    handlers.add(handler.end)
    const end = (threw?: boolean): void => {
      handlers.delete(handler.end)
      handler.end(threw)
      // Who comes back when the transaction was given up must not go on to acknowledge.
      if (threw !== true) refuseOver()
    }
    return { tx: handler.tx, end }
  }
  return {
    transaction: { forHandler, ...steps(on, claims, refuseOver) },
    end() {
      over = true
      for (const end of handlers) end(true)
    },
    complete: claims.complete,
  }
}

function steps<Tx>(
  on: On,
  claims: Claimed,
  refuseOver: () => void,
): Omit<OpenTransaction<Tx>, 'forHandler'> {
  const { dialect, where } = on.parts
  const { savepoint } = savepoints(on)
  const ours =
    <Given extends readonly unknown[], R>(work: (...given: Given) => Promise<R>) =>
    async (...given: Given): Promise<R> => {
      refuseOver()
      return work(...given)
    }
  return {
    insert: ours(claims.insert),
    read: ours(async (identities) => (await views(on, identities)).map(claims.asSealed)),
    settle: ours(async (settlements) => {
      const asked = settlements.map(({ lease, outcome }) => {
        const ask = { on: 'settle', lease, outcome, repeatable: false } as const
        return { one: lease, ask: () => ask }
      })
      return (await apply(on, asked)).map(({ changed }) => (changed ? 'settled' : 'fenced'))
    }),
    parkedIn: ours(async (lanes) => {
      if (lanes.length === 0) return []
      const rows = lanes.map((lane) => ({ lane }))
      const standing = await run(on, dialect.statements.parking.standing, {}, rows)
      const names = new Set(standing.map(({ lane }) => hex(bytesOf(lane))))
      return lanes.map((lane) => names.has(hex(lane)))
    }),
    withdraw: ours(claims.withdraw),
    savepoint: (work) => {
      refuseOver()
      return savepoint(work)
    },
    seal: ours(claims.seal),
    isCollateral: dialect.isCollateral,
    nobodysFault: (error) =>
      dialect.isContention(error)
        ? new SemelError(
            'SEMEL_STORE_CONTENDED',
            `${where}: a handler's statement met another transaction`,
            { cause: error },
          )
        : undefined,
  }
}
