import assert from 'node:assert/strict'
import test from 'node:test'
import { sqliteStore } from 'semel/sqlite'
import { change, clients, coded, door, rows, scratch, type SqliteTx } from './sqlite-kit.ts'

const schema = 'create table points (order_id text primary key, points integer)'

/** Each would end our transaction, or outlive it. */
const refused: readonly string[] = [
  'commit',
  '  COMMIT transaction',
  '/* no; */ commit',
  '-- no\ncommit',
  ';; commit',
  'end',
  'rollback',
  'rollback transaction',
  'begin',
  'begin immediate',
  'select 1; commit',
  "insert into points values (';''', 1); commit",
  'select "a""b"; rollback',
  "attach 'other.db' as other",
  'detach other',
  'pragma journal_mode = delete',
  'pragma main.journal_mode = delete',
  'pragma "journal_mode" = delete',
  'pragma synchronous(off)',
  'create trigger t after insert on points begin select 1; end; commit',
]

/** None of them does, whatever it looks like. */
const allowed: readonly string[] = [
  "insert into points values ('; commit', 1)",
  'insert into points values ("commit", 2) on conflict do nothing -- ; commit'.replaceAll('"', "'"),
  'select case when 1 then 2 end',
  'savepoint mine; rollback to mine; release mine',
  'savepoint mine; rollback transaction to savepoint mine',
  'create trigger t after insert on points begin update points set points = 1; select 2; end',
  'create temp trigger u after insert on points begin select case when 1 then 1 end; end; select 1',
  'pragma table_info(points)',
  'explain commit',
]

for (const [client, open] of clients) {
  test(`${client}: what would end or outlive the transaction is refused`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, schema)
    const points = door(keep(sqliteStore(file, { open })))
    await points.run('A-17', ({ tx }) => {
      for (const sql of refused) {
        assert.throws(() => tx.exec(sql), coded('SEMEL_TX_OURS'), `exec ${sql}`)
        assert.throws(() => tx.prepare(sql), coded('SEMEL_TX_OURS'), `prepare ${sql}`)
      }
      assert.throws(() => tx.close(), coded('SEMEL_TX_OURS'))
      for (const sql of allowed) assert.doesNotThrow(() => tx.exec(sql), sql)
    })
    assert.equal(rows(shop, 'select * from points').length, 2)
    assert.equal(rows(shop, 'select * from semel_inbox').length, 1)
  })

  test(`${client}: everything of a transaction refuses once its handler has returned`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, schema)
    const points = door(keep(sqliteStore(file, { open })))
    const kept: (() => unknown)[] = []
    await points.run('A-17', ({ tx }) => {
      const insert = tx.prepare('insert into points values (?, 1)')
      const list = tx.prepare('select * from points')
      insert.run('a')
      insert.run('b')
      const open = list.iterate()
      open.next()
      kept.push(
        () => tx.exec('select 1'),
        () => tx.prepare('select 1'),
        () => insert.run('c'),
        () => list.all(),
        () => open.next(),
      )
    })
    for (const late of kept) assert.throws(late, coded('SEMEL_TX_OVER'))
    assert.equal(rows(shop, 'select * from points').length, 2)
  })

  test(`${client}: rows are read in all four ways through the connection that a handler gets`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, schema)
    const points = door(keep(sqliteStore(file, { open })))
    await points.run('A-17', ({ tx }) => {
      tx.exec("insert into points values ('a', 1), ('b', 2)")
      const list = tx.prepare('select points from points order by 1')
      const numbers = (all: Iterable<unknown>): unknown[] =>
        [...all].map((row) => (row as { points: number }).points)
      assert.deepEqual(numbers(list.all()), [1, 2])
      assert.deepEqual(numbers(list.iterate()), [1, 2])
      assert.equal((list.get() as { points: number }).points, 1)
      assert.equal(tx.constructor.name, client === 'node:sqlite' ? 'DatabaseSync' : 'Database')
    })
  })

  test(`${client}: errors of the handler's own statements reach the handler as they are`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, schema)
    const points = door(keep(sqliteStore(file, { open })))
    const own = open(file) as unknown as SqliteTx
    const insert = "insert into points values ('a', 1)"
    own.exec(insert)
    const expected = thrownBy(() => own.exec(insert)) as Readonly<Record<string, unknown>>
    own.close()
    await points.run('A-17', ({ tx }) => {
      const error = thrownBy(() => tx.exec(insert)) as Readonly<Record<string, unknown>>
      assert.deepEqual([error['code'], error['errcode']], [expected['code'], expected['errcode']])
    })
    const thrown = await points
      .run('A-18', ({ tx }) => void tx.exec(insert))
      .catch((e: unknown) => e)
    assert.equal((thrown as { code: unknown }).code, expected['code'])
  })

  test(`${client}: after a swallowed error that rolled everything back nothing more is written`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, schema)
    change(shop, "insert into points values ('there', 1)")
    const points = door(keep(sqliteStore(file, { open })))
    const swallows = points.run('A-17', ({ tx }) => {
      tx.exec("insert into points values ('before', 1)")
      const { run } = tx.prepare("insert into points values ('by a statement', 3)")
      thrownBy(() => tx.exec("insert or rollback into points values ('there', 2)"))
      const after = thrownBy(() => tx.exec("insert into points values ('after', 3)"))
      for (const error of [after, thrownBy(() => run())]) coded('SEMEL_TX_ROLLED_BACK')(error)
    })
    await assert.rejects(swallows, coded('SEMEL_TX_ROLLED_BACK'))
    assert.deepEqual(rows(shop, 'select order_id from points'), [{ order_id: 'there' }])
    assert.deepEqual(rows(shop, 'select * from semel_inbox'), [])
  })

  test(`${client}: a transaction that was ended through another reference is not taken for ours`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    const raw: SqliteTx[] = []
    const opening = (path: string): SqliteTx => {
      raw.push(open(path) as unknown as SqliteTx)
      return raw.at(-1) as SqliteTx
    }
    const points = door(keep(sqliteStore(file, { open: opening as never })))
    for (const end of [
      'rollback',
      'commit',
      'rollback; begin immediate',
      'commit; begin immediate',
    ]) {
      const ends = points.run(end, () => void raw[0]?.exec(end))
      await assert.rejects(ends, coded('SEMEL_TX_ROLLED_BACK'), end)
    }
  })

  test(`${client}: a commit that a deferred constraint refuses is the handler's failure`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, 'create table a (id integer primary key)')
    change(shop, 'create table b (a integer references a(id) deferrable initially deferred)')
    const opening = (path: string): SqliteTx => {
      const connection = open(path) as unknown as SqliteTx
      connection.exec('pragma foreign_keys = on')
      return connection
    }
    const points = door(keep(sqliteStore(file, { open: opening as never })))
    const fails = points.run('A-17', ({ tx }) => void tx.exec('insert into b values (7)'))
    await assert.rejects(fails, coded('SEMEL_TX_ROLLED_BACK'))
    assert.deepEqual(rows(shop, 'select * from b'), [])
    await points.run('A-17', ({ tx }) => void tx.exec('insert into a values (1)'))
  })
}

test('better-sqlite3: a transaction function is a savepoint inside ours, and ends with it', async (context) => {
  const [, open] = clients[1] as (typeof clients)[0]
  const shop = scratch(context, open)
  const { file, keep } = shop
  change(shop, schema)
  const points = door(keep(sqliteStore(file, { open: open as never })))
  type Transactions = { transaction(work: () => void): { (): void; immediate(): void } }
  const kept: (() => void)[] = []
  await points.run('A-17', ({ tx }) => {
    const { transaction } = tx as unknown as Transactions
    const insert = transaction(() => void tx.exec("insert into points values ('a', 1)"))
    insert()
    const fails = transaction(() => {
      tx.exec("insert into points values ('b', 1)")
      throw new Error('only this')
    })
    assert.throws(() => fails.immediate(), /only this/)
    kept.push(insert, () => insert.immediate())
  })
  for (const late of kept) assert.throws(late, coded('SEMEL_TX_OVER'))
  assert.deepEqual(rows(shop, 'select order_id from points'), [{ order_id: 'a' }])
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
