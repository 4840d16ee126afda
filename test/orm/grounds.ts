import { createPool, type RowDataPacket } from 'mysql2/promise'
import { Pool } from 'pg'
import type { Store } from 'semel'
import { migrateMysql, type MysqlClient, mysqlStore } from 'semel/mysql'
import { migratePostgres, type PostgresClient, postgresStore } from 'semel/postgres'
import type { Clock } from '../../src/inbox/clock.ts'
import type { Library } from './libraries.ts'

/** A client of a library, whichever database it is on. */
export type LibraryClient = PostgresClient<unknown> & MysqlClient<unknown>

/** What tests do beside the library, on its database. */
export interface Ground {
  /** One statement, which both databases understand. */
  ask(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** A schema or a database with the tables of semel. */
  make(place: string): Promise<void>
  store(client: LibraryClient, place: string, clock?: Clock): Store
  drop(place: string): Promise<unknown>
  end(): Promise<void>
}

type Grounds = Readonly<Record<Library['on'], (url: string) => Ground>>

export const grounds: Grounds = {
  postgres(url) {
    const pool = new Pool({ connectionString: url, max: 2 })
    return {
      ask: async (text) => (await pool.query(text)).rows,
      async make(schema) {
        await pool.query(`create schema ${schema}`)
        await migratePostgres(pool, { schema })
      },
      store: (client, schema, clock) => postgresStore(client, { schema, ...(clock && { clock }) }),
      drop: (schema) => pool.query(`drop schema ${schema} cascade`),
      end: () => pool.end(),
    }
  },
  mariadb(uri) {
    const pool = createPool({ uri, connectionLimit: 2 })
    return {
      async ask(text) {
        const [rows] = await pool.query<RowDataPacket[]>(text)
        return rows
      },
      async make(database) {
        await pool.query(`create database ${database}`)
        await migrateMysql(pool, { database })
      },
      store: (client, database, clock) => mysqlStore(client, { database, ...(clock && { clock }) }),
      drop: (database) => pool.query(`drop database ${database}`),
      end: () => pool.end(),
    }
  },
}
