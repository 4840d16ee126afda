import { SemelError } from '../errors/semel-error.ts'
import type { SqlConnection, SqlStatement } from '../sql/client.ts'
import { bindable, needs } from '../sql/connector.ts'
import type { RawConnection, RawPool } from '../sql/raw-connection.ts'
import { guardedSql } from './postgres-js-guard.ts'
import { type PostgresJsLine, postgresJsLine, through } from './postgres-js-line.ts'
import { answersOf, type RawAnswer, type Rename, rowsOf, scriptRows } from './postgres-js-rows.ts'

/**
 * What is used of `postgres`'s `Sql`. `begin` is there for the type of its transaction object alone, which is what
 * handlers get.
 */
export interface PostgresJs<out Tx = unknown> {
  begin(options: string, work: (sql: Tx) => unknown): Promise<unknown>
  reserve(): Promise<object>
  unsafe(text: string): unknown
  readonly options: { readonly max: number }
}

/** Whatever sends queries: the pool, a reserved connection, a transaction. */
interface Sender {
  unsafe(text: string, values?: unknown[], options?: object): Pending
}

interface Pending extends PromiseLike<RawAnswer | readonly RawAnswer[]> {
  raw(): Pending
  simple(): Pending
  execute(): Pending
}

interface Reserved extends Sender {
  release(): void
}

/** What `postgres` shows of a connection to whoever asks when a query is sent. */
interface Connection {
  onclose: ((error: Error) => void) | null
}

/** So many values at most: each text that the server is to keep costs it memory. */
const preparedMax = 32

/** Whether it is a `Sql` of `postgres`. */
export function isPostgresJs(given: unknown): given is PostgresJs {
  return typeof given === 'function' && 'unsafe' in given
}

/** Transactions on `postgres`: on a reserved connection, ours from BEGIN to COMMIT. */
export function postgresJsPool<Tx>(sql: PostgresJs<Tx>): RawPool<Tx> {
  needs(sql, ['reserve', 'unsafe', 'begin'], 'postgresStore needs postgres 3.4 or newer')
  const pool = sql as unknown as Sender & { reserve(): Promise<Reserved> }
  const rename = renameOf(sql)
  const healing = new Set<Promise<void>>()
  return {
    name: 'postgres',
    pool: sql,
    connectionsMax: sql.options.max,
    interleaves: true,
    acquire: async () => rawConnection(await pool.reserve(), rename, healing),
    // After a lost connection whoever waits for a reserved one may wait for long.
    query: (statement) => asked(pool, statement, rename),
    join: (tx) => joined(tx, rename),
    close: async () => void (await Promise.all(healing)),
  }
}

async function rawConnection<Tx>(
  sql: Reserved,
  rename: Rename,
  healing: Set<Promise<void>>,
): Promise<RawConnection<Tx>> {
  const line = postgresJsLine()
  let lost = false
  const connection = await connectionOf(sql)
  connection.onclose = (error) => {
    lost = true
    line.cut(error)
  }
  let command: string | undefined
  function giveBack(): void {
    // Whose connection is lost has none to give back: by now it may be somebody else's.
    if (lost) return
    connection.onclose = null
    sql.release()
  }
  /** `postgres` cannot end one connection: what is under way is cancelled, and the transaction taken back. */
  async function heal(): Promise<void> {
    await line.cancel()
    line.cut(ended())
    if (!lost) await sql.unsafe('rollback').then(giveBack, () => undefined)
  }
  return {
    ...queries(watched(sql, line), rename, (last) => {
      command = last
    }),
    forHandler: (interleaved) => guardedSql<Tx>(sql, line, interleaved),
    isBusy: () => line.isBusy(),
    lastCommand: () => command,
    release(destroy) {
      if (!destroy) {
        line.cut(ended())
        return giveBack()
      }
      const healed = heal().finally(() => healing.delete(healed))
      healing.add(healed)
    },
  }
}

function ended(): SemelError {
  return new SemelError('SEMEL_TX_OVER', 'this transaction has ended')
}

/** By an empty query, which goes with the first statement. */
async function connectionOf(sql: Reserved): Promise<Connection> {
  const { promise, resolve } = Promise.withResolvers<Connection | undefined>()
  const onexecute = (connection: Connection): boolean => {
    resolve(connection)
    return true
  }
  const probe = sql.unsafe('', [], { onexecute, simple: true }).execute()
  probe.then(
    () => resolve(undefined),
    () => resolve(undefined),
  )
  const connection = await promise
  if (connection !== undefined) return connection
  sql.release()
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    'this version of postgres does not show its connections; semel knows 3.4',
  )
}

/** Its queries stand in the line of the connection. */
function watched(sql: Sender, line: PostgresJsLine): Sender {
  return { unsafe: (...given) => through(sql.unsafe(...given), line) }
}

function queries(
  sql: Sender,
  rename: Rename,
  note: (command: string | undefined) => void = () => undefined,
): Pick<SqlConnection, 'query' | 'script'> {
  return {
    query: (statement) => asked(sql, statement, rename, note),
    async script(texts) {
      const answer = await sql.unsafe(texts.join(';\n')).simple().raw()
      note(answersOf(answer).at(-1)?.command ?? undefined)
      return scriptRows(texts, answer, rename)
    },
  }
}

async function asked(
  sql: Sender,
  statement: SqlStatement,
  rename: Rename,
  note: (command: string | undefined) => void = () => undefined,
): ReturnType<SqlConnection['query']> {
  const values = bindable(statement)
  const prepare = values.length > 0 && values.length <= preparedMax
  const simple = values.length === 0
  const answer = await sql.unsafe(statement.text, values, { prepare, simple }).raw()
  const [last] = answersOf(answer).slice(-1)
  note(last?.command ?? undefined)
  return last === undefined ? [] : rowsOf(last, rename)
}

function joined<Tx>(tx: unknown, rename: Rename): SqlConnection<Tx> {
  needs(tx, ['unsafe'], 'runIn needs what sql.begin() of postgres gives')
  if (isPostgresJs(tx) && 'begin' in tx)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'runIn was given the pool of postgres, not a transaction',
    )
  const sql = tx as unknown as Sender & object
  const line = postgresJsLine()
  return {
    ...queries(watched(sql, line), rename),
    script: undefined,
    forHandler: () => guardedSql<Tx>(sql, line),
  }
}

/** @throws SEMEL_OPTION_INVALID for what would change our rows beyond recognition. */
function renameOf(sql: PostgresJs): Rename {
  const { transform } = sql.options as {
    readonly transform?: { readonly column?: { from?: Rename }; readonly row?: { from?: unknown } }
  }
  if (transform?.row?.from === undefined) return transform?.column?.from
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    'transform.row of postgres would change rows of semel too: give it a sql without',
  )
}
