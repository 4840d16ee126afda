import { SemelError } from '../../errors/semel-error.ts'
import type { Isolation, SqlRow, SqlStatement } from '../../sql/client.ts'
import {
  at,
  bindable,
  type ConnectorOptions,
  connectionsOf,
  type ConnectorTransaction,
  type HandlerGuard,
  needs,
  type SqlConnector,
} from '../../sql/connector.ts'

/** What is used of a transaction of Drizzle. */
export interface DrizzleTransaction {
  execute(query: never): unknown
  rollback(): never
}

/** What is used of Drizzle. */
export interface DrizzleDatabase<out Tx = unknown> {
  transaction(
    work: (tx: Tx) => Promise<void>,
    config?: { readonly isolationLevel: Isolation },
  ): Promise<void>
  execute(query: never): unknown
}

interface Executes {
  execute(query: object): PromiseLike<unknown>
}

/**
 * Drizzle 0.44 or newer, over `pg`, `postgres` and `mysql2`: handlers get a transaction of your database.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function drizzle<Tx extends DrizzleTransaction>(
  db: DrizzleDatabase<Tx>,
  options: ConnectorOptions = {},
): SqlConnector<Tx> {
  needs(db, ['transaction', 'execute'], 'drizzle(db)')
  const told = at(db, '$client.options.max') ?? at(db, '$client.pool.config.connectionLimit')
  return {
    connects: 'sql',
    name: 'drizzle',
    connectionsMax: connectionsOf(options, told),
    query: (statement) => send(db as unknown as Executes, statement),
    transaction: ({ isolation }, work) =>
      db.transaction(
        (tx) => work(over(tx)),
        isolation === undefined ? undefined : { isolationLevel: isolation },
      ),
    join(tx) {
      if (typeof at(tx, 'execute') === 'function' && typeof at(tx, 'rollback') === 'function')
        return over(tx as Tx)
      throw new SemelError('SEMEL_OPTION_INVALID', 'runIn needs a transaction of Drizzle')
    },
  }
}

function over<Tx extends DrizzleTransaction>(tx: Tx): ConnectorTransaction<Tx> {
  needs(tx, ['session.prepareQuery'], 'drizzle(db): a transaction')
  return {
    query: (statement) => send(tx as unknown as Executes, statement),
    face: (guard) => guarded(tx, guard),
  }
}

/** As what `sql` of Drizzle makes: it is asked for the text with its values. */
async function send(db: Executes, statement: SqlStatement): Promise<readonly SqlRow[]> {
  const written = { sql: statement.text, params: bindable(statement) }
  return rowsOf(await db.execute({ getSQL: () => ({ toQuery: () => written }) }))
}

/** `pg` answers with a result, `postgres` with a list of rows, `mysql2` with rows and columns. */
function rowsOf(answer: unknown): readonly SqlRow[] {
  if (!Array.isArray(answer)) return (at(answer, 'rows') ?? []) as readonly SqlRow[]
  if ('command' in answer) return answer
  return Array.isArray(answer[0]) ? answer[0] : []
}

type Method = (...given: readonly unknown[]) => unknown

/**
 * Another face of the transaction for each handler. Everything that Drizzle builds comes to the session at last,
 * with its text: there it is looked at, when it is sent.
 */
function guarded<Tx extends DrizzleTransaction>(tx: Tx, { check }: HandlerGuard): Tx {
  const session = at(tx, 'session') as { readonly prepareQuery: Method }
  function prepareQuery(query: { readonly sql: string }, ...rest: readonly unknown[]): object {
    const prepared = session.prepareQuery(query, ...rest) as Record<string, Method | undefined>
    for (const name of ['execute', 'all', 'iterator']) {
      const send = prepared[name]
      if (send === undefined) continue
      prepared[name] = (...given) => {
        check(query.sql)
        return Reflect.apply(send, prepared, given)
      }
    }
    return prepared
  }
  const watched: unknown = Object.create(session, { prepareQuery: { value: prepareQuery } })
  return Object.create(tx, { session: { value: watched } }) as Tx
}
