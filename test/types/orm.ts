// Never runs: what handlers see through each client of PostgreSQL and MySQL, by the types of the library itself.
import { drizzle as drizzleOverMysql } from 'drizzle-orm/mysql2'
import { drizzle as drizzleOverPg } from 'drizzle-orm/node-postgres'
import { drizzle as drizzleOverPostgresJs } from 'drizzle-orm/postgres-js'
import { type Knex, knex as createKnex } from 'knex'
import type { Kysely, Transaction } from 'kysely'
import type { Pool as MysqlPool } from 'mysql2/promise'
import type { Pool, PoolClient } from 'pg'
import type postgres from 'postgres'
import { semel, type Store } from 'semel'
import { mysqlStore } from 'semel/mysql'
import { drizzle } from 'semel/orm/drizzle'
import { knex } from 'semel/orm/knex'
import { kysely } from 'semel/orm/kysely'
import { prisma } from 'semel/orm/prisma'
import { typeorm } from 'semel/orm/typeorm'
import { postgresStore } from 'semel/postgres'
import type { DataSource, EntityManager } from 'typeorm'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

type TxOf<S> = S extends Store<infer Tx> ? Tx : never

// pg and postgres
declare const pool: Pool
declare const sql: postgres.Sql<{ point: number[] }>
const onPg = postgresStore(pool)
const onPostgresJs = postgresStore(sql, { schema: 'jobs' })
same<TxOf<typeof onPg>, PoolClient>()
same<TxOf<typeof onPostgresJs>, postgres.TransactionSql<{ point: number[] }>>()
export async function joins(): Promise<void> {
  const points = semel({ group: 'points', store: onPostgresJs })
  await sql.begin((tx) => points.runIn(tx, 'A-17', () => 30))
  await points.run('A-17', async ({ tx }) => {
    const [row] = await tx<{ total: number }[]>`select 1 as total`
    return row?.total ?? 0
  })
}

// Kysely
interface Tables {
  account: { id: string; money: number }
}
declare const db: Kysely<Tables>
const onKysely = postgresStore(kysely(db))
same<TxOf<typeof onKysely>, Transaction<Tables>>()
same<TxOf<ReturnType<typeof alsoMysql>>, Transaction<Tables>>()
function alsoMysql() {
  return mysqlStore(kysely(db))
}
export async function throughKysely(): Promise<void> {
  const points = semel({ group: 'points', store: onKysely })
  await points.run('A-17', async ({ tx }) => {
    const { money } = await tx.selectFrom('account').select('money').executeTakeFirstOrThrow()
    return money
  })
  await db.transaction().execute((tx) => points.runIn(tx, 'A-17', () => 30))
}

// Knex
const onKnex = postgresStore(knex(createKnex({ client: 'pg' })))
same<TxOf<typeof onKnex>, Knex.Transaction>()
export const moneyOf = (): unknown =>
  semel({ group: 'points', store: onKnex }).run('A-17', ({ tx }) => tx('account').first('money'))

// Drizzle
const overPg = drizzleOverPg(pool)
const onDrizzle = postgresStore(drizzle(overPg))
same<TxOf<typeof onDrizzle>, Parameters<Parameters<typeof overPg.transaction>[0]>[0]>()
const overPostgresJs = drizzleOverPostgresJs(sql)
const onDrizzleToo = postgresStore(drizzle(overPostgresJs))
same<TxOf<typeof onDrizzleToo>, Parameters<Parameters<typeof overPostgresJs.transaction>[0]>[0]>()
declare const mysqlPool: MysqlPool
const overMysql = drizzleOverMysql(mysqlPool)
const onDrizzleMysql = mysqlStore(drizzle(overMysql))
same<TxOf<typeof onDrizzleMysql>, Parameters<Parameters<typeof overMysql.transaction>[0]>[0]>()

// TypeORM
declare const source: DataSource
const onTypeorm = postgresStore(typeorm(source))
same<TxOf<typeof onTypeorm>, EntityManager>()

// Prisma, as its generated client declares these methods
interface PrismaTx {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>
  account: { findMany(): Promise<readonly { money: number }[]> }
}
interface PrismaClient extends PrismaTx {
  $transaction<P extends Promise<unknown>[]>(work: [...P]): Promise<unknown[]>
  $transaction<R>(
    work: (tx: Omit<PrismaTx, '$connect'>) => Promise<R>,
    options?: {
      maxWait?: number
      timeout?: number
      isolationLevel?: 'ReadCommitted' | 'RepeatableRead' | 'Serializable' | 'ReadUncommitted'
    },
  ): Promise<R>
}
declare const client: PrismaClient
const onPrisma = postgresStore(prisma(client))
same<TxOf<typeof onPrisma>, Omit<PrismaTx, '$connect'>>()
