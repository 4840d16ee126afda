import assert from 'node:assert/strict'
import test from 'node:test'
import { createPool, type Pool } from 'mysql2/promise'
import { mysqlStore } from 'semel/mysql'
import { type Shop, servers, shop } from './mysql-kit.ts'

function poolWith(
  one: Shop,
  setting: string,
  t: { after(work: () => Promise<void>): unknown },
): Pool {
  const pool = createPool({ uri: one.server.url, database: one.database })
  pool.pool.on('connection', (connection) => {
    connection.query(`set session ${setting}`)
  })
  t.after(() => pool.end())
  return pool
}

for (const name of servers) {
  test(`${name}: a session that cuts off what does not fit, or commits nothing by itself, is refused`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    for (const [setting, said] of [
      [
        "sql_mode = 'NO_ENGINE_SUBSTITUTION'",
        /sql_mode is 'NO_ENGINE_SUBSTITUTION'.*STRICT_TRANS_TABLES/,
      ],
      ["sql_mode = 'STRICT_ALL_TABLES', autocommit = 0", /autocommit is 0/],
    ] as const) {
      const store = mysqlStore(poolWith(one, setting, t))
      await assert.rejects(store.prepare(), { code: 'SEMEL_DATABASE_UNSAFE', message: said })
    }
  })

  test(`${name}: tables that somebody has changed so that keys could merge, or be lost, are refused`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    await one.store()
    const change = 'alter table semel_inbox modify record_key varchar(191) character set utf8mb4'
    for (const [alter, said] of [
      ['alter table semel_parked engine = MyISAM', /semel_parked has the engine MyISAM/],
      ['alter table semel_parked engine = InnoDB', undefined],
      [`${change} not null`, /semel_inbox.record_key is varchar/],
    ] as const) {
      await one.pool.query(alter)
      const preparing = one.store()
      if (said === undefined) await preparing
      else await assert.rejects(preparing, { code: 'SEMEL_DATABASE_UNSAFE', message: said })
    }
  })

  test(`${name}: a pool of one connection is refused`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const pool = one.poolOf({ database: one.database, connectionLimit: 1 })
    await assert.rejects(one.store(pool), { code: 'SEMEL_POOL_TOO_SMALL' })
  })
}
