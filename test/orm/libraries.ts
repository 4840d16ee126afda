import { drizzle as drizzleConnector } from 'semel/orm/drizzle'
import { knex as knexConnector } from 'semel/orm/knex'
import { kysely as kyselyConnector } from 'semel/orm/kysely'
import { typeorm as typeormConnector } from 'semel/orm/typeorm'
import { drizzle as drizzleOverMysql } from 'drizzle-orm/mysql2'
import { drizzle } from 'drizzle-orm/node-postgres'
import { drizzle as drizzleOverPostgresJs } from 'drizzle-orm/postgres-js'
import { sql as drizzleSql } from 'drizzle-orm'
import knex, { type Knex } from 'knex'
import { Kysely, MysqlDialect, PostgresDialect, sql as kyselySql, type Transaction } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import postgres from 'postgres'
import { DataSource, type EntityManager } from 'typeorm'
import type { LibraryClient } from './grounds.ts'

/** A client of a library on a database, and how the tests use it. */
export interface Opened {
  readonly client: LibraryClient
  /** One statement, the way that users of the library write one by hand. */
  say(tx: unknown, text: string): PromiseLike<unknown>
  /** A transaction that a user begins. */
  transaction<R>(work: (tx: unknown) => Promise<R>): Promise<R>
  end(): PromiseLike<unknown>
}

export interface Library {
  readonly name: string
  readonly on: 'postgres' | 'mariadb'
  open(url: string): Promise<Opened>
}

const max = 10

function postgresJs(url: string): Opened {
  const sql = postgres(url, { max, onnotice: () => undefined })
  return {
    client: sql as unknown as LibraryClient,
    say: (tx, text) => (tx as postgres.TransactionSql).unsafe(text),
    transaction: (work) => sql.begin(work) as ReturnType<typeof work>,
    end: () => sql.end({ timeout: 1 }),
  }
}

function kysely(dialect: PostgresDialect | MysqlDialect): Opened {
  const db = new Kysely<unknown>({ dialect })
  return {
    client: kyselyConnector(db),
    say: (tx, text) => kyselySql.raw(text).execute(tx as Transaction<unknown>),
    transaction: (work) => db.transaction().execute(work),
    end: () => db.destroy(),
  }
}

function throughKnex(client: 'pg' | 'mysql2', connection: string): Opened {
  const db = knex({ client, connection, pool: { min: 0, max } })
  return {
    client: knexConnector(db),
    say: (tx, text) => (tx as Knex.Transaction).raw(text),
    transaction: (work) => db.transaction(work),
    end: () => db.destroy(),
  }
}

interface DrizzleTx {
  execute(query: unknown): PromiseLike<unknown>
}

interface DrizzleDb extends DrizzleTx {
  transaction<R>(work: (tx: unknown) => Promise<R>): Promise<R>
}

function throughDrizzle(db: DrizzleDb, end: Opened['end']): Opened {
  return {
    client: drizzleConnector(db as never),
    say: (tx, text) => (tx as DrizzleTx).execute(drizzleSql.raw(text)),
    transaction: (work) => db.transaction(work),
    end,
  }
}

function drizzlePg(connectionString: string): Opened {
  const pool = new Pool({ connectionString, max })
  return throughDrizzle(drizzle(pool) as unknown as DrizzleDb, () => pool.end())
}

function drizzlePostgresJs(url: string): Opened {
  const sql = postgres(url, { max, onnotice: () => undefined })
  return throughDrizzle(drizzleOverPostgresJs(sql) as unknown as DrizzleDb, () =>
    sql.end({ timeout: 1 }),
  )
}

function drizzleMysql(uri: string): Opened {
  const pool = createPool({ uri, connectionLimit: max }).promise()
  return throughDrizzle(drizzleOverMysql(pool) as unknown as DrizzleDb, () => pool.end())
}

async function typeorm(type: 'postgres' | 'mysql', url: string): Promise<Opened> {
  const source = await new DataSource({ type, url, poolSize: max }).initialize()
  return {
    client: typeormConnector(source),
    say: (tx, text) => (tx as EntityManager).query(text),
    transaction: (work) => source.transaction(work),
    end: () => source.destroy(),
  }
}

const onPostgres: Readonly<Record<string, (url: string) => Opened | Promise<Opened>>> = {
  'postgres-js': postgresJs,
  kysely: (url) => kysely(new PostgresDialect({ pool: new Pool({ connectionString: url, max }) })),
  knex: (url) => throughKnex('pg', url),
  drizzle: drizzlePg,
  'drizzle-postgres-js': drizzlePostgresJs,
  typeorm: (url) => typeorm('postgres', url),
}

const onMariadb: typeof onPostgres = {
  kysely: (uri) => kysely(new MysqlDialect({ pool: createPool({ uri, connectionLimit: max }) })),
  knex: (uri) => throughKnex('mysql2', uri),
  drizzle: drizzleMysql,
  typeorm: (uri) => typeorm('mysql', uri),
}

function listed(on: Library['on'], all: typeof onPostgres): readonly Library[] {
  return Object.entries(all).map(([name, open]) => ({ name, on, open: async (url) => open(url) }))
}

/** Every client that semel knows, besides `pg` and `mysql2`. */
export const libraries: readonly Library[] = [
  ...listed('postgres', onPostgres),
  ...listed('mariadb', onMariadb),
]

/** One of those on PostgreSQL. */
export function libraryOf(name: string): Library {
  const found = libraries.find((one) => one.name === name)
  if (found === undefined) throw new TypeError(`there is no library ${name}`)
  return found
}
