import assert from 'node:assert/strict'
import test from 'node:test'
import { migrateMysql, mysqlMigrations, mysqlStore } from 'semel/mysql'
import { servers, shop } from '../unit/mysql-kit.ts'

const names = mysqlMigrations.map(({ name }) => name)

test('migrations of MySQL are numbered without a gap, and named by their numbers', () => {
  for (const [at, { version, name }] of mysqlMigrations.entries()) {
    assert.equal(version, at + 1)
    assert.match(name, new RegExp(`^${String(version).padStart(4, '0')}_`))
  }
})

for (const server of servers) {
  test(`${server}: of many that migrate at once one does it, and a second time nothing is left to do`, async (t) => {
    const one = await shop(t, server)
    if (one === undefined) return
    const tables = { database: one.database, prefix: 'other_' }
    const done = await Promise.all(Array.from({ length: 4 }, () => migrateMysql(one.pool, tables)))
    assert.deepEqual(done.flat(), names)
    assert.deepEqual(await migrateMysql(one.pool, tables), [])
    await mysqlStore(one.pool, tables).prepare()
  })

  test(`${server}: a migration that was interrupted is done again`, async (t) => {
    const one = await shop(t, server)
    if (one === undefined) return
    await one.pool.query('delete from semel_schema')
    await one.pool.query('drop table semel_step')
    assert.deepEqual(await migrateMysql(one.pool), names)
    await one.store()
  })

  test(`${server}: tables that are missing or newer are refused by a code of their own`, async (t) => {
    const one = await shop(t, server)
    if (one === undefined) return
    const missing = mysqlStore(one.pool, { prefix: 'none_' })
    await assert.rejects(missing.prepare(), { code: 'SEMEL_SCHEMA_MISSING' })
    await one.pool.query("insert into semel_schema values (99, '0099_later', 0)")
    await assert.rejects(one.store(), { code: 'SEMEL_SCHEMA_AHEAD' })
    await assert.rejects(migrateMysql(one.pool), { code: 'SEMEL_SCHEMA_AHEAD' })
  })
}
