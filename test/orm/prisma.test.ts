import assert from 'node:assert/strict'
import test from 'node:test'
import { Pool } from 'pg'
import { prisma } from 'semel/orm/prisma'
import { coded } from './coded.ts'
import type { LibraryClient } from './grounds.ts'
import { house } from './kit.ts'
import type { Library } from './libraries.ts'
import { type AlikeTransaction, prismaAlike } from './prisma-alike.ts'

let asked: readonly object[] = []

const alike: Library = {
  name: 'prisma',
  on: 'postgres',
  async open(connectionString) {
    const pool = new Pool({ connectionString, max: 10 })
    const db = prismaAlike(pool)
    asked = db.asked
    return {
      client: prisma(db) as unknown as LibraryClient,
      say: (tx, text) => (tx as AlikeTransaction).$executeRawUnsafe(text),
      transaction: (work) => db.$transaction(work),
      end: () => pool.end(),
    }
  },
}

test('what looks like Prisma takes part in the transaction of semel', async (t) => {
  const home = await house(t, alike)
  if (home === undefined) return
  const { points, say, effect, transaction } = home
  for (const times of [1, 2]) {
    const given = await points.run('A-17', async ({ tx }) => say(tx, effect('A-17')).then(() => 30))
    assert.equal(given, 30, `${times}`)
  }
  assert.deepEqual([await home.effects(), await home.states()], [['A-17'], [2]])
  const term = { maxWait: 10_000, timeout: 320_000, isolationLevel: 'ReadCommitted' }
  assert.deepEqual(asked.at(-1), term)

  const refused = points.run('B', async ({ tx }) => {
    await say(tx, effect('B'))
    await (tx as AlikeTransaction).$queryRaw`commit`
  })
  await assert.rejects(refused, coded('SEMEL_TX_OURS'))
  const swallowed = points.run('C', async ({ tx }) => {
    await say(tx, effect('C'))
    await Promise.resolve(say(tx, 'select 1 / 0')).catch(() => undefined)
  })
  await assert.rejects(swallowed, coded('SEMEL_TX_ROLLED_BACK'))
  await transaction(async (tx) => {
    await points.runIn(tx, 'D', async (context) => {
      await say(context.tx, effect('D'))
    })
  })
  let late: unknown
  await points.run('E', ({ tx }) => {
    late = tx
  })
  await assert.rejects(async () => say(late, effect('E')), coded('SEMEL_TX_OVER'))
  assert.deepEqual(await home.effects(), ['A-17', 'D'])
})
