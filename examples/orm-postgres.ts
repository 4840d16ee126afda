// postgres: the handler gets the sql of the transaction. See docs/transactions.md.
import postgres from 'postgres'
import { semel } from 'semel'
import { postgresStore } from 'semel/postgres'

const sql = postgres(process.env['DATABASE_URL'] ?? '')
const points = semel({ group: 'points', store: postgresStore(sql) })

export async function orderPaid(orderId: string): Promise<void> {
  await points.run(orderId, async ({ tx }) => {
    await tx`insert into points ${tx({ order_id: orderId, points: 30 })}`
  })
}
