import { drizzle as drizzleConnector } from 'semel/orm/drizzle'
import { knex as knexConnector } from 'semel/orm/knex'
import { kysely as kyselyConnector } from 'semel/orm/kysely'
import { typeorm as typeormConnector } from 'semel/orm/typeorm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { drizzle as drizzleOverPostgresJs } from 'drizzle-orm/postgres-js'
import { sql as drizzleSql } from 'drizzle-orm'
import knex, { type Knex } from 'knex'
import { Kysely, PostgresDialect, sql as kyselySql, type Transaction } from 'kysely'
import { Pool } from 'pg'
import postgres from 'postgres'
import type { PostgresClient } from 'semel/postgres'
import { DataSource, type EntityManager } from 'typeorm'

/** A client of a library on a database, and how the tests use it. */
export interface Opened {
  readonly client: PostgresClient<unknown>
  /** One statement, the way that users of the library write one by hand. */
  say(tx: unknown, text: string): PromiseLike<unknown>
  /** A transaction that a user begins. */
  transaction<R>(work: (tx: unknown) => Promise<R>): Promise<R>
  end(): PromiseLike<unknown>
}

export interface Library {
  readonly name: string
  open(url: string): Promise<Opened>
}

const max = 10

function postgresJs(url: string): Opened {
  const sql = postgres(url, { max, onnotice: () => undefined })
  return {
    client: sql,
    say: (tx, text) => (tx as postgres.TransactionSql).unsafe(text),
    transaction: (work) => sql.begin(work) as ReturnType<typeof work>,
    end: () => sql.end({ timeout: 1 }),
  }
}

function kysely(url: string): Opened {
  const pool = new Pool({ connectionString: url, max })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  return {
    client: kyselyConnector(db),
    say: (tx, text) => kyselySql.raw(text).execute(tx as Transaction<unknown>),
    transaction: (work) => db.transaction().execute(work),
    end: () => db.destroy(),
  }
}

function throughKnex(url: string): Opened {
  const db = knex({ client: 'pg', connection: url, pool: { min: 0, max } })
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

function drizzlePg(url: string): Opened {
  const pool = new Pool({ connectionString: url, max })
  const db = drizzle(pool)
  return {
    client: drizzleConnector(db),
    say: (tx, text) => (tx as DrizzleTx).execute(drizzleSql.raw(text)),
    transaction: (work) => db.transaction(work),
    end: () => pool.end(),
  }
}

function drizzlePostgresJs(url: string): Opened {
  const sql = postgres(url, { max, onnotice: () => undefined })
  const db = drizzleOverPostgresJs(sql)
  return {
    client: drizzleConnector(db),
    say: (tx, text) => (tx as DrizzleTx).execute(drizzleSql.raw(text)),
    transaction: (work) => db.transaction(work),
    end: () => sql.end({ timeout: 1 }),
  }
}

async function typeorm(url: string): Promise<Opened> {
  const source = await new DataSource({ type: 'postgres', url, poolSize: max }).initialize()
  return {
    client: typeormConnector(source),
    say: (tx, text) => (tx as EntityManager).query(text),
    transaction: (work) => source.transaction(work),
    end: () => source.destroy(),
  }
}

/** Every client of PostgreSQL that semel knows, besides `pg`. */
export const libraries: readonly Library[] = [
  { name: 'postgres-js', open: async (url) => postgresJs(url) },
  { name: 'kysely', open: async (url) => kysely(url) },
  { name: 'knex', open: async (url) => throughKnex(url) },
  { name: 'drizzle', open: async (url) => drizzlePg(url) },
  { name: 'drizzle-postgres-js', open: async (url) => drizzlePostgresJs(url) },
  { name: 'typeorm', open: typeorm },
]
