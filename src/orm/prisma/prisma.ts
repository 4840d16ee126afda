import { SemelError } from '../../errors/semel-error.ts'
import type { SqlRow, SqlStatement } from '../../sql/client.ts'
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

/** What is used of a transaction of Prisma. */
export interface PrismaTransaction {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): PromiseLike<T>
}

/** What is used of a `PrismaClient`. */
export interface PrismaDatabase<out Tx = unknown> extends PrismaTransaction {
  $transaction<R>(work: (tx: Tx) => Promise<R>, options?: PrismaOptions): Promise<R>
}

interface PrismaOptions {
  readonly maxWait?: number
  readonly timeout?: number
  readonly isolationLevel?: 'ReadCommitted' | 'RepeatableRead' | 'Serializable'
}

/** How long a transaction may wait for a connection of Prisma's: as long as for a lock. */
const maxWaitMs = 10_000

/**
 * Prisma 5 or newer, on PostgreSQL, MySQL and MariaDB: handlers get the client of an interactive transaction, whose
 * `timeout` is set by `performMsMax`.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function prisma<Tx extends PrismaTransaction>(
  db: PrismaDatabase<Tx>,
  options: ConnectorOptions = {},
): SqlConnector<Tx> {
  needs(db, ['$transaction', '$queryRawUnsafe'], 'prisma(client)')
  return {
    connects: 'sql',
    name: 'prisma',
    connectionsMax: connectionsOf(options, undefined),
    query: (statement) => send(db, statement),
    async transaction({ isolation, timeoutMs }, work) {
      await translated(
        db.$transaction((tx) => work(over(tx)), {
          maxWait: maxWaitMs,
          ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
          ...(isolation === undefined ? {} : { isolationLevel: levels[isolation] }),
        }),
      )
    },
    join(tx) {
      if (typeof at(tx, '$queryRawUnsafe') === 'function' && at(tx, '$transaction') === undefined)
        return over(tx as Tx)
      throw new SemelError(
        'SEMEL_OPTION_INVALID',
        'runIn needs the client of a $transaction of Prisma',
      )
    },
  }
}

const levels = {
  'read committed': 'ReadCommitted',
  'repeatable read': 'RepeatableRead',
  serializable: 'Serializable',
} as const

function over<Tx extends PrismaTransaction>(tx: Tx): ConnectorTransaction<Tx> {
  return { query: (statement) => send(tx, statement), face: (guard) => guarded(tx, guard) }
}

function send(db: PrismaTransaction, statement: SqlStatement): Promise<readonly SqlRow[]> {
  return translated(db.$queryRawUnsafe<SqlRow[]>(statement.text, ...bindable(statement)))
}

/**
 * Prisma has codes of its own, which look like those of PostgreSQL; that of the database stands beside them. Its own
 * error is no `cause`, because whoever looks for the code would find its code there.
 */
async function translated<R>(work: PromiseLike<R>): Promise<R> {
  try {
    return await work
  } catch (error) {
    const own = at(error, 'code')
    if (typeof own !== 'string' || !/^P\d{4}$/.test(own)) throw error
    const code =
      at(error, 'meta.driverAdapterError.cause.originalCode') ??
      at(error, 'meta.code') ??
      known[own]
    const of = { prisma: error, ...(code === undefined ? {} : { code }) }
    throw Object.assign(new Error(String(at(error, 'message'))), of)
  }
}

/** A write conflict or a deadlock, for which Prisma has one code. */
const known: Readonly<Record<string, string>> = { P2034: '40001' }

const byHand = new Set<PropertyKey>([
  '$queryRawUnsafe',
  '$executeRawUnsafe',
  '$queryRaw',
  '$executeRaw',
])

/** Models and raw statements alike are reached through properties of the client. */
function guarded<Tx extends PrismaTransaction>(tx: Tx, { check }: HandlerGuard): Tx {
  return new Proxy(tx, {
    get(target, name) {
      check('')
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]): unknown => {
        check(byHand.has(name) ? textOf(given[0]) : '')
        return Reflect.apply(value, target, given)
      }
    },
  })
}

/** Of a text, a template, or what `Prisma.sql` makes. */
function textOf(query: unknown): string {
  if (typeof query === 'string') return query
  const strings = Array.isArray(query) ? query : at(query, 'strings')
  return Array.isArray(strings) ? strings.join('?') : ''
}
