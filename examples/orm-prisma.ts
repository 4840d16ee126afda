// Prisma: the handler gets the client of an interactive transaction. See docs/transactions.md.
import { semel } from 'semel'
import { type PrismaDatabase, type PrismaTransaction, prisma } from 'semel/orm/prisma'
import { postgresStore } from 'semel/postgres'

/** In your program: `import { Prisma, PrismaClient } from './generated/client.ts'`. */
interface Transaction extends PrismaTransaction {
  points: { create(given: { data: { orderId: string; points: number } }): Promise<unknown> }
}

export function pointsWith(client: PrismaDatabase<Transaction>): (id: string) => Promise<void> {
  const points = semel({ group: 'points', store: postgresStore(prisma(client)) })
  return async (orderId) => {
    await points.run(orderId, async ({ tx }) => {
      await tx.points.create({ data: { orderId, points: 30 } })
    })
  }
}
