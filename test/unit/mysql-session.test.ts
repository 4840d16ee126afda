import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { createPool as callbackPool } from 'mysql2'
import type { Pool, PoolConnection } from 'mysql2/promise'
import { semel } from 'semel'
import { mysqlStore } from 'semel/mysql'
import { completed, identity, newRecord } from '../../src/testing/store-kit.ts'
import { servers, shop, twoRows } from './mysql-kit.ts'

const settings: Readonly<Record<(typeof servers)[number], readonly string[]>> = {
  mariadb: [
    'autocommit',
    'tx_isolation',
    'innodb_lock_wait_timeout',
    'idle_transaction_timeout',
    'sql_mode',
  ],
  mysql: ['autocommit', 'tx_isolation', 'innodb_lock_wait_timeout', 'wait_timeout', 'sql_mode'],
}

for (const name of servers) {
  test(`${name}: a session is given back with every setting as it was, after commits and rollbacks`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const pool = one.poolOf({ database: one.database, connectionLimit: 2 })
    const asked = `select ${settings[name].map((setting) => `@@session.${setting}`).join(', ')}, connection_id() as id`
    const seen = async (): Promise<readonly unknown[]> => {
      const both = [await pool.getConnection(), await pool.getConnection()]
      const rows = await Promise.all(both.map(async (each) => (await each.query(asked))[0]))
      for (const each of both) each.release()
      return rows.flat().toSorted((a, b) => idOf(a) - idOf(b))
    }
    for (const each of [await pool.getConnection(), await pool.getConnection()]) {
      await each.query('set session innodb_lock_wait_timeout = 7')
      setImmediate(() => each.release())
    }
    const before = await seen()
    const store = await one.store(pool)
    const points = semel({ group: 'points', store, heldWaitMs: 0 })
    await points.run('a', ({ tx }) => tx.query('insert into points values (1, 1)').then(() => 1))
    await assert.rejects(
      points.run('b', () => Promise.reject(new Error('no'))),
      /no/,
    )
    await store.transactions?.open(async ({ insert }) => insert([]), {
      messages: 9,
      interleaved: false,
    })
    await store.transactions?.open(
      async (open) => {
        const { tx, end } = open.forHandler()
        const [rows] = await tx.query(
          'select @@session.tx_isolation as level, @@autocommit as auto',
        )
        const [row] = rows as unknown as readonly { readonly auto: number }[]
        assert.equal(row?.auto, 0)
        end()
      },
      { messages: 9, interleaved: false },
    )
    await store.inspector.prune(10)
    assert.deepEqual(await seen(), before)
  })

  test(`${name}: a deadlock that a handler swallows leaves nothing of its message`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    await twoRows(one)
    const points = await one.door()
    const rival = await one.pool.getConnection()
    await rival.beginTransaction()
    // The heavier transaction survives.
    for (let id = 10; id < 60; id++) await rival.query('insert into points values (?, 0)', [id])
    await rival.query('update points set n = n + 1 where id = 2')
    let met = 0
    const value = await points
      .run('a', async ({ tx }) => {
        await tx.query('update points set n = n + 1 where id = 1')
        if (met++ > 0) return 'again'
        const waits = rival
          .query('update points set n = n + 1 where id = 1')
          .then(() => rival.commit())
        await pause(50)
        const code = await tx.query('update points set n = n + 1 where id = 2').then(
          () => undefined,
          (error: { readonly errno?: number }) => error.errno,
        )
        assert.equal(code, 1213)
        await waits
        await assert.rejects(async () => tx.query('insert into points values (99, 1)'), {
          code: 'SEMEL_TX_ROLLED_BACK',
        })
        return 'swallowed'
      })
      .catch((error: { readonly code: string }) => error.code)
    rival.release()
    assert.ok(
      ['again', 'SEMEL_TX_ROLLED_BACK', 'SEMEL_STORE_CONTENDED'].includes(String(value)),
      String(value),
    )
    assert.deepEqual(await one.rows('select id from points where id = 99'), [])
    const [row] = await one.rows('select n from points where id = 1')
    assert.equal(row?.['n'], value === 'again' ? 2 : 1)
  })

  test(`${name}: a procedure that commits inside a handler is found out by the seal (P9)`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    await one.pool.query('create procedure ends() begin commit; end')
    const points = await one.door()
    const run = points.run('a', async ({ tx }) => void (await tx.query('call ends()')))
    await assert.rejects(run, { code: 'SEMEL_TX_ROLLED_BACK' })
  })

  test(`${name}: what would end the transaction is refused in front of the connection (P9)`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const points = await one.door()
    const tries: readonly ((tx: PoolConnection) => unknown)[] = [
      (tx) => tx.query('commit'),
      (tx) => tx.query({ sql: 'commit' }),
      (tx) => tx.execute('commit'),
      (tx) => tx.execute({ sql: 'commit' }),
      (tx) => tx.prepare('commit'),
      (tx) => tx.commit(),
      (tx) => tx.rollback(),
      (tx) => tx.beginTransaction(),
      (tx) => tx.release(),
      (tx) => tx.destroy(),
      (tx) => tx.changeUser({}),
      (tx) => tx.connection,
    ]
    for (const [at, attempt] of tries.entries()) {
      const run = points.run(`k-${at}`, async ({ tx }) => void (await attempt(tx)))
      await assert.rejects(run, { code: 'SEMEL_TX_OURS' }, String(attempt))
    }
    assert.deepEqual(await one.rows('select state from semel_inbox'), [])
  })

  test(`${name}: runIn() joins a transaction of REPEATABLE READ, and sees what was committed since (P30)`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const points = await one.door()
    const tx = await one.pool.getConnection()
    await tx.query('set session transaction isolation level repeatable read')
    await tx.beginTransaction()
    await tx.query('select * from semel_inbox')
    await points.run('a', () => 17)
    assert.equal(await points.runIn(tx, 'a', () => 18), 17)
    assert.equal(await points.runIn(tx, 'b', () => 19), 19)
    await tx.rollback()
    tx.release()
    assert.equal(await points.run('b', () => 20), 20)
  })

  test(`${name}: runIn() without a transaction is refused, and writes nothing`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const points = await one.door()
    const tx = await one.pool.getConnection()
    await assert.rejects(
      points.runIn(tx, 'a', () => 1),
      { code: 'SEMEL_TX_OVER' },
    )
    tx.release()
    assert.deepEqual(await one.rows('select state from semel_inbox'), [])
  })

  test(`${name}: REPEATABLE READ and multipleStatements are the user's to choose`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const pool = one.poolOf({ database: one.database, multipleStatements: true })
    const store = await one.store(pool, { isolation: 'repeatable read' })
    const points = semel({ group: 'points', store })
    const level = async (tx: PoolConnection): Promise<unknown> => {
      await tx.query('insert into points values (7, 7) on duplicate key update n = n')
      const [rows] = await tx.query(
        'select trx_isolation_level as level from information_schema.innodb_trx where trx_mysql_thread_id = connection_id()',
      )
      return (rows as { readonly level: string }[])[0]?.level
    }
    assert.equal(await points.run('a', ({ tx }) => level(tx)), 'REPEATABLE READ')
    const same = await Promise.all(
      Array.from({ length: 6 }, () =>
        points.run('b', async ({ tx }) => {
          await tx.query('insert into points values (8, 8)')
          return 1
        }),
      ),
    )
    assert.deepEqual(new Set(same), new Set([1]))
  })

  test(`${name}: under REPEATABLE READ a key that somebody commits meanwhile repeats the whole transaction`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const store = await one.store(one.pool, { isolation: 'repeatable read' })
    const late = store.transactions?.open(async ({ insert, read }) => {
      await read([newRecord()])
      await store.leases.insert([newRecord()])
      return insert([newRecord()])
    })
    await assert.rejects(late ?? Promise.resolve(), { code: 'SEMEL_STORE_CONTENDED' })
  })

  test(`${name}: a record that somebody is looking at is pruned later, and nobody waits for it (P32)`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const store = await one.store()
    const records = ['a', 'b', 'c'].map((key) =>
      newRecord({ ...identity(key), outcome: completed(undefined, -1) }),
    )
    await store.leases.insert(records)
    const other = await one.pool.getConnection()
    await other.query('set transaction isolation level read committed')
    await other.beginTransaction()
    const key = Buffer.from(identity('a').key)
    await other.query('select * from semel_inbox where scope = 1 and record_key = ? for update', [
      key,
    ])
    const meanwhile = await store.inspector.prune(10)
    await other.rollback()
    other.release()
    assert.equal(meanwhile + (await store.inspector.prune(10)), 3)
    assert.equal(meanwhile, name === 'mariadb' ? 2 : 0)
  })

  test(`${name}: a pool with callbacks serves as well as one with promises`, async (t) => {
    const one = await shop(t, name)
    if (one === undefined) return
    const pool = callbackPool({ uri: one.server.url, database: one.database })
    pool.on('connection', (connection) =>
      connection.query("set session sql_mode = 'STRICT_ALL_TABLES'"),
    )
    t.after(() => pool.promise().end())
    const points = semel({ group: 'points', store: mysqlStore(pool), heldWaitMs: 0 })
    await points.run(
      'a',
      async ({ tx }) => void (await tx.query('insert into points values (1, 1)')),
    )
    assert.equal((await one.rows('select * from points')).length, 1)
  })
}

test('mariadb: what a handler sends past its transaction is refused where the store is told to', async (t) => {
  const one = await shop(t, 'mariadb')
  if (one === undefined) return
  const points = await one.door(one.pool, { outside: 'refuse' })
  const calls: readonly (() => Promise<unknown>)[] = [
    () => one.pool.query('select 1'),
    () => one.pool.execute('select 1'),
    () => one.pool.getConnection(),
  ]
  for (const [at, call] of calls.entries()) {
    const run = points.run(`k-${at}`, async () => void (await call()))
    await assert.rejects(run, { code: 'SEMEL_TX_OUTSIDE' })
  }
  await one.pool.query('select 1')
})

test('something else than a pool is refused by name', () => {
  for (const other of [{}, { getConnection: 1 }, { getConnection() {} }])
    assert.throws(() => mysqlStore(other as unknown as Pool), { code: 'SEMEL_OPTION_INVALID' })
})

function idOf(row: unknown): number {
  return (row as { readonly id: number }).id
}
