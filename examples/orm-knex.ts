// Knex: the handler gets a Knex.Transaction. See docs/transactions.md.
import createKnex from 'knex'
import { semel } from 'semel'
import { mysqlStore } from 'semel/mysql'
import { knex } from 'semel/orm/knex'

const db = createKnex({ client: 'mysql2', connection: process.env['DATABASE_URL'] ?? '' })
const points = semel({ group: 'points', store: mysqlStore(knex(db)) })

export async function orderPaid(orderId: string): Promise<void> {
  await points.run(orderId, async ({ tx }) => {
    await tx('points').insert({ order_id: orderId, points: 30 })
  })
}
