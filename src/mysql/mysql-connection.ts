import { SemelError } from '../errors/semel-error.ts'
import type { SqlConnection, SqlRow, SqlStatement } from '../sql/client.ts'
import type { RawConnection } from '../sql/raw-connection.ts'
import { textOf } from './literal.ts'
import { guardedConnection, isGuarded } from './mysql-guard.ts'
import { headerOf, type Query, queryOf, rowsOf, setsOf } from './results.ts'
import type { Server } from './servers.ts'

/** What is used of a connection of `mysql2/promise`. */
export interface MysqlConnection {
  query(query: Query): Promise<readonly [unknown, unknown]>
  release(): void
  destroy(): void
}

export async function ask(connection: MysqlConnection, text: string): Promise<readonly SqlRow[]> {
  return rowsOf(await connection.query(queryOf(text)))
}

/** A connection of a pool: the settings of its session are ours until it is given back. */
export function rawConnection<C extends MysqlConnection>(
  connection: C,
  server: Server,
  multipleStatements: boolean,
): RawConnection<C> {
  const running = { statements: 0 }
  /** Of the session: not touched; being changed; ours; as it was. */
  let session: 'theirs' | 'changing' | 'ours' | 'restored' = 'theirs'
  const join = multipleStatements ? (texts: readonly string[]) => texts.join(';\n') : server.block

  async function changing<R>(work: Promise<R>): Promise<R> {
    const first = session === 'theirs'
    if (first) session = 'changing'
    const answer = await work
    if (first) session = 'ours'
    return answer
  }
  async function script(texts: readonly string[]): Promise<readonly (readonly SqlRow[])[]> {
    const isLast = texts.at(-1) === 'commit'
    const all = isLast ? [...texts, server.restore] : texts
    const answer = await changing(connection.query(queryOf(join?.(all) ?? '')))
    if (isLast) session = 'restored'
    return setsOf(texts, answer)
  }
  async function giveBack(): Promise<void> {
    try {
      if (session === 'changing') throw new TypeError('its settings are not known')
      if (session === 'ours') await connection.query(queryOf(server.restore))
      connection.release()
    } catch {
      connection.destroy()
    }
  }
  return {
    query: (statement) => changing(ask(connection, textOf(statement))),
    alone: (statement) => ask(connection, textOf(statement)),
    script: join && script,
    forHandler: () => guardedConnection(connection, running),
    isBusy: () => running.statements > 0,
    lastCommand: () => undefined,
    release(destroy) {
      if (destroy) connection.destroy()
      else giveBack().catch(() => undefined)
    },
  }
}

/** One on which the caller has begun. */
export function joined<C extends MysqlConnection>(tx: C): SqlConnection<C> {
  if (typeof tx?.query !== 'function' || 'promise' in tx)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'runIn needs a connection of mysql2/promise with a transaction open on it',
    )
  let open = isGuarded(tx)
  async function query(statement: SqlStatement): Promise<readonly SqlRow[]> {
    // Only an answer without rows says whether there is a transaction.
    if (!open && !statement.text.startsWith('savepoint'))
      refuseNone(await tx.query(queryOf('do 0')))
    const answer = await tx.query(queryOf(textOf(statement)))
    if (!open) refuseNone(answer)
    open = true
    return rowsOf(answer)
  }
  return { query, script: undefined, forHandler: () => guardedConnection(tx, { statements: 0 }) }
}

const inTransaction = 1
const autocommit = 2

function refuseNone(answer: readonly [unknown, unknown]): void {
  const status = headerOf(answer)?.serverStatus
  if (status === undefined || (status & inTransaction) > 0 || (status & autocommit) === 0) return
  throw new SemelError('SEMEL_TX_OVER', 'there is no open transaction on this connection of mysql2')
}
