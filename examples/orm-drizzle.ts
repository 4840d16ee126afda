// Drizzle: the handler gets the transaction of your database. See docs/transactions.md.
import { drizzle as createDrizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import { semel } from 'semel'
import { drizzle } from 'semel/orm/drizzle'
import { postgresStore } from 'semel/postgres'

const pointsOf = pgTable('points', { orderId: text('order_id'), points: integer('points') })

const db = createDrizzle(new Pool({ connectionString: process.env['DATABASE_URL'] }))
const points = semel({ group: 'points', store: postgresStore(drizzle(db)) })

export async function orderPaid(orderId: string): Promise<void> {
  await points.run(orderId, async ({ tx }) => {
    await tx.insert(pointsOf).values({ orderId, points: 30 })
  })
}
