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
  refuseName,
  type SqlConnector,
} from '../../sql/connector.ts'

/** What is used of a `Knex.Transaction`. */
export interface KnexTransaction {
  readonly isTransaction?: boolean
  isCompleted(): boolean
  // oxlint-disable-next-line typescript/no-explicit-any -- as Knex declares it
  readonly client: any
}

/** What is used of Knex. */
export interface KnexDatabase<out Tx = unknown> {
  transaction(
    work: (trx: Tx) => Promise<void> | void,
    config?: { readonly isolationLevel?: Isolation },
  ): Promise<void>
  // oxlint-disable-next-line typescript/no-explicit-any -- as Knex declares it
  readonly client: any
}

/** What both have behind them: of a transaction it has one connection. */
interface Client {
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<unknown>
  query(connection: unknown, query: { sql: string; bindings: unknown[] }): Promise<Answered>
  on(event: 'query', listener: (query: { readonly sql: string }) => void): void
  readonly pool?: { readonly max?: unknown }
}

/** `pg` answers with a result, `mysql2` with rows and columns. */
interface Answered {
  readonly response: { readonly rows?: readonly SqlRow[] } | readonly unknown[]
}

/**
 * Knex 3, on `pg` and `mysql2`: handlers get a `Knex.Transaction`.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function knex<Tx extends KnexTransaction>(
  db: KnexDatabase<Tx>,
  options: ConnectorOptions = {},
): SqlConnector<Tx> {
  const used = ['acquireConnection', 'releaseConnection', 'query'].map((name) => `client.${name}`)
  needs(db, ['transaction', ...used], 'knex(db)')
  const client = db.client as Client
  return {
    connects: 'sql',
    name: 'knex',
    connectionsMax: connectionsOf(options, client.pool?.max),
    query: (statement) => send(client, statement),
    transaction: ({ isolation }, work) =>
      db.transaction(
        async (trx) => {
          const { transaction, end } = begun(trx)
          await work(transaction).finally(end)
        },
        isolation === undefined ? {} : { isolationLevel: isolation },
      ),
    join(tx) {
      if (at(tx, 'isTransaction') !== true)
        throw new SemelError('SEMEL_OPTION_INVALID', 'runIn needs a transaction of Knex')
      const trx = tx as Tx
      return {
        query: (statement) => send(trx.client as Client, statement),
        face: (guard) => guarded(trx, guard),
      }
    },
  }
}

/** Around `raw()`, which has ways of its own with question marks, and around what the user does to rows. */
async function send(client: Client, statement: SqlStatement): Promise<readonly SqlRow[]> {
  const connection = await client.acquireConnection()
  try {
    return await rowsOf(client.query(connection, askedBy(statement)))
  } finally {
    await client.releaseConnection(connection)
  }
}

function askedBy(statement: SqlStatement): Parameters<Client['query']>[1] {
  return { sql: statement.text, bindings: bindable(statement) }
}

async function rowsOf(answered: Promise<Answered>): Promise<readonly SqlRow[]> {
  const { response } = await answered
  if (!Array.isArray(response)) return (response as { rows?: readonly SqlRow[] }).rows ?? []
  return Array.isArray(response[0]) ? response[0] : []
}

/** Of ours: whatever is sent on its connection is announced, and an error keeps it back. */
function begun<Tx extends KnexTransaction>(
  trx: Tx,
): { readonly transaction: ConnectorTransaction<Tx>; end(): void } {
  const client = trx.client as Client
  const guards: HandlerGuard[] = []
  let isOurs = false
  let isEnding = false
  client.on('query', ({ sql }) => {
    if (isOurs || (isEnding && /^(?:commit|rollback)\b/i.test(sql))) return
    const live = guards.findLast((guard) => !guard.isOver())
    ;(live ?? guards.at(-1))?.check(sql)
  })
  return {
    transaction: {
      async query(statement) {
        const connection = await client.acquireConnection()
        isOurs = true
        // It is announced before this returns.
        const answered = client.query(connection, askedBy(statement))
        isOurs = false
        return rowsOf(answered)
      },
      face(guard) {
        guards.push(guard)
        return guarded(trx, guard)
      },
    },
    end() {
      isEnding = true
    },
  }
}

const ours = new Set<PropertyKey>(['commit', 'rollback', 'destroy', 'initialize'])

/** Calls of the object itself; what was built before and is sent later is seen by its client. */
function guarded<Tx extends KnexTransaction>(trx: Tx, guard: HandlerGuard): Tx {
  const target = trx as unknown as ((...given: readonly unknown[]) => unknown) & object
  return new Proxy(target, {
    apply(_, __, given) {
      guard.check('')
      return target(...given)
    },
    get(_, name) {
      if (ours.has(name)) refuseName(name)
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]): unknown => {
        guard.check(name === 'raw' && typeof given[0] === 'string' ? given[0] : '')
        return Reflect.apply(value, target, given)
      }
    },
  }) as unknown as Tx
}
