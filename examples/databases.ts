// The databases on which an example runs: a SQLite file always, PostgreSQL and MariaDB where SEMEL_POSTGRES_URL and
// SEMEL_MARIADB_URL name a server. Each example has a place of its own there, and removes it.
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, createPool, type PoolConnection } from 'mysql2/promise'
import { Pool, type PoolClient } from 'pg'
import type { Store } from 'semel'
import { migrateMysql, mysqlStore } from 'semel/mysql'
import { migratePostgres, postgresStore } from 'semel/postgres'
import { sqliteStore } from 'semel/sqlite'

export type Value = string | number | null
export type Row = Readonly<Record<string, unknown>>

/** A database with its store, and one way to write to it whichever it is. */
export interface Shop {
  readonly name: string
  readonly store: Store<Tx>
  /** In the transaction of a handler; `?` stands for a value. */
  write(tx: Tx, sql: string, ...values: Value[]): Promise<void>
  rows(sql: string): Promise<readonly Row[]>
  close(): Promise<void>
}

/** A transaction object of one of the three clients. */
export interface Tx {
  readonly ofWhicheverClient?: never
}

/** Every database that is here, one after another, with these tables. */
export async function* shops(...tables: readonly string[]): AsyncGenerator<Shop> {
  const { SEMEL_POSTGRES_URL: postgres, SEMEL_MARIADB_URL: mariadb } = process.env
  const opened = [
    openSqlite,
    ...(postgres === undefined ? [] : [() => openPostgres(postgres)]),
    ...(mariadb === undefined ? [] : [() => openMariadb(mariadb)]),
  ]
  for (const open of opened) {
    const shop = await open()
    try {
      for (const table of tables) await shop.rows(table)
      yield shop
    } finally {
      await shop.close()
    }
  }
}

async function openSqlite(): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
  const file = join(folder, 'shop.db')
  const store = sqliteStore(file)
  await store.prepare()
  const db = new DatabaseSync(file)
  return {
    name: 'SQLite',
    store: store as unknown as Store<Tx>,
    async write(tx, sql, ...values) {
      ;(tx as DatabaseSync).prepare(sql).run(...values)
    },
    rows: async (sql) => db.prepare(sql).all() as Row[],
    async close() {
      db.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function openPostgres(url: string): Promise<Shop> {
  const schema = `semel_example_${process.pid}`
  const pool = new Pool({ connectionString: url, options: `-c search_path=${schema}` })
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool)
  const store = postgresStore(pool)
  return {
    name: 'PostgreSQL',
    store: store as unknown as Store<Tx>,
    async write(tx, sql, ...values) {
      let place = 0
      await (tx as PoolClient).query(
        sql.replaceAll('?', () => `$${++place}`),
        values,
      )
    },
    rows: async (sql) => (await pool.query(sql)).rows,
    async close() {
      await store.close()
      await pool.query(`drop schema ${schema} cascade`)
      await pool.end()
    },
  }
}

async function openMariadb(url: string): Promise<Shop> {
  const database = `semel_example_${process.pid}`
  const first = await createConnection(url)
  await first.query(`create database ${database}`)
  const pool = createPool(new URL(`/${database}`, url).href)
  await migrateMysql(pool)
  const store = mysqlStore(pool)
  return {
    name: 'MariaDB',
    store: store as unknown as Store<Tx>,
    async write(tx, sql, ...values) {
      await (tx as unknown as PoolConnection).query(sql, values)
    },
    rows: async (sql) => (await pool.query(sql))[0] as unknown as readonly Row[],
    async close() {
      await store.close()
      await pool.end()
      await first.query(`drop database ${database}`)
      await first.end()
    },
  }
}
