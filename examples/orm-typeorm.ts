// TypeORM: the handler gets an EntityManager, a fresh one for each message. See docs/transactions.md.
import { semel } from 'semel'
import { typeorm } from 'semel/orm/typeorm'
import { postgresStore } from 'semel/postgres'
import { DataSource, EntitySchema } from 'typeorm'

interface Points {
  orderId: string
  points: number
}

const Points = new EntitySchema<Points>({
  name: 'points',
  columns: {
    orderId: { name: 'order_id', type: 'text', primary: true },
    points: { type: 'integer' },
  },
})

const url = process.env['DATABASE_URL'] ?? ''
const source = new DataSource({ type: 'postgres', url, entities: [Points] })
const points = semel({ group: 'points', store: postgresStore(typeorm(source)) })

export async function orderPaid(orderId: string): Promise<void> {
  await points.run(orderId, async ({ tx }) => {
    await tx.insert(Points, { orderId, points: 30 })
  })
}
