// Kysely: the handler gets a Transaction of your database. See docs/transactions.md.
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { semel } from 'semel'
import { kysely } from 'semel/orm/kysely'
import { postgresStore } from 'semel/postgres'

interface Shop {
  points: { order_id: string; points: number }
}

const pool = new Pool({ connectionString: process.env['DATABASE_URL'] })
const db = new Kysely<Shop>({ dialect: new PostgresDialect({ pool }) })
const points = semel({ group: 'points', store: postgresStore(kysely(db)) })

export async function orderPaid(orderId: string): Promise<void> {
  await points.run(orderId, async ({ tx }) => {
    await tx.insertInto('points').values({ order_id: orderId, points: 30 }).execute()
  })
}
