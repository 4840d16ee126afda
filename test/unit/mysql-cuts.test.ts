import assert from 'node:assert/strict'
import test from 'node:test'
import { newRecord } from '../../src/testing/store-kit.ts'
import { faultProxy } from '../servers/proxy.ts'
import { servers, shop } from './mysql-kit.ts'

for (const name of servers) {
  for (const when of ['before', 'after'] as const)
    test(`${name}: a connection cut ${when} the server acted on COMMIT is unknown, and asking again has one effect`, async (t) => {
      const one = await shop(t, name)
      if (one === undefined) return
      const proxy = await faultProxy(one.server, t)
      const pool = one.poolOf({ uri: proxy.url, database: one.database })
      const store = await one.store(pool)
      const open = (): Promise<boolean> | undefined =>
        store.transactions?.open(async (transaction) => {
          const [isNew] = await transaction.insert([newRecord()])
          if (isNew !== true) return false
          const { tx, end } = transaction.forHandler()
          await tx.query('insert into points values (1, 1)')
          end()
          await transaction.seal([{ ...newRecord(), result: undefined }])
          return true
        })
      const cut = proxy.cut(when, /(?:^|;\s*)commit\b/i)
      await assert.rejects(async () => open(), { code: 'SEMEL_OUTCOME_UNKNOWN' })
      await cut.happened
      assert.equal(await open(), when === 'before')
      assert.equal((await one.rows('select * from points')).length, 1)
    })

  test(`${name}: a connection that is killed under a handler is unavailable, and nothing is left`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const points = await one.door()
    const run = points.run('a', async ({ tx }) => {
      await tx.query('insert into points values (1, 1)')
      const [rows] = await tx.query('select connection_id() as id')
      await one.pool.query(`kill ${(rows as { readonly id: number }[])[0]?.id}`)
      return 1
    })
    await assert.rejects(run, (error: { readonly code: string }) =>
      ['SEMEL_STORE_UNAVAILABLE', 'SEMEL_OUTCOME_UNKNOWN'].includes(error.code),
    )
    assert.deepEqual(await one.rows('select * from points'), [])
    assert.equal(await points.run('a', () => 2), 2)
  })
}
