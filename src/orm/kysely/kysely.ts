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

/** What is used of a `Transaction` of Kysely. */
export interface KyselyTransaction {
  readonly isTransaction: boolean
  withoutPlugins(): { executeQuery(query: never): Promise<{ readonly rows: readonly unknown[] }> }
}

/** What is used of Kysely. */
export interface KyselyDatabase<out Tx = unknown> {
  transaction(): KyselyBuilder<Tx>
  withoutPlugins(): { executeQuery(query: never): Promise<{ readonly rows: readonly unknown[] }> }
}

interface KyselyBuilder<out Tx> {
  setIsolationLevel(level: Isolation): KyselyBuilder<Tx>
  execute(work: (tx: Tx) => Promise<void>): Promise<void>
}

/** A query that is sent as it stands. */
interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

interface Executes {
  executeQuery(query: Compiled): Promise<{ readonly rows: readonly SqlRow[] }>
}

/**
 * Kysely 0.28 or newer, on PostgreSQL, MySQL and MariaDB: handlers get a `Transaction` of your database, with your
 * plugins.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function kysely<Tx extends KyselyTransaction>(
  db: KyselyDatabase<Tx>,
  options: ConnectorOptions = {},
): SqlConnector<Tx> {
  needs(db, ['transaction', 'withoutPlugins', 'executeQuery', 'withPlugin'], 'kysely(db)')
  const plain = db.withoutPlugins() as unknown as Executes
  return {
    connects: 'sql',
    name: 'kysely',
    connectionsMax: connectionsOf(options, undefined),
    query: (statement) => send(plain, statement),
    transaction({ isolation }, work) {
      const begin = db.transaction()
      const builder = isolation === undefined ? begin : begin.setIsolationLevel(isolation)
      return builder.execute((tx) => work(over(tx)))
    },
    join(tx) {
      if (at(tx, 'isTransaction') === true) return over(tx as Tx)
      throw new SemelError('SEMEL_OPTION_INVALID', 'runIn needs a transaction of Kysely')
    },
  }
}

function over<Tx extends KyselyTransaction>(tx: Tx): ConnectorTransaction<Tx> {
  const plain = tx.withoutPlugins() as unknown as Executes
  return { query: (statement) => send(plain, statement), face: (guard) => guarded(tx, guard) }
}

async function send(db: Executes, statement: SqlStatement): Promise<readonly SqlRow[]> {
  const { rows } = await db.executeQuery(compiled(statement.text, bindable(statement)))
  return rows
}

/** As `CompiledQuery.raw()` makes it. */
function compiled(sql: string, parameters: readonly unknown[]): Compiled {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] }
  return Object.freeze({ sql, parameters, query, queryId: { queryId: 'semel' } })
}

interface Node {
  readonly kind: string
  readonly sqlFragments?: readonly string[]
  readonly parameters?: readonly Node[]
}

/** Another face of the transaction for each handler: a plugin sees what is built, the rest comes as it is. */
function guarded<Tx extends KyselyTransaction>(tx: Tx, { check }: HandlerGuard): Tx {
  const { withPlugin } = tx as unknown as { withPlugin(plugin: object): Executes & Tx }
  const face = withPlugin.call(tx, {
    transformQuery({ node }: { readonly node: Node }) {
      check(textOf(node))
      return node
    },
    transformResult: async ({ result }: { readonly result: unknown }) => result,
  })
  const { executeQuery } = face
  return Object.defineProperty(face, 'executeQuery', {
    value(query: Compiled, ...rest: readonly unknown[]) {
      check(query.sql)
      return Reflect.apply(executeQuery, face, [query, ...rest])
    },
  })
}

/** Of what is written by hand; a query that was built begins with no word of ours. */
function textOf({ kind, sqlFragments = [], parameters = [] }: Node): string {
  if (kind !== 'RawNode') return ''
  return sqlFragments
    .map((text, index) => text + (parameters[index] === undefined ? '' : textOf(parameters[index])))
    .join('')
}
