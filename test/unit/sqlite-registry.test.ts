import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import test from 'node:test'
import {
  type SqliteOpen,
  sqlitePublisher,
  sqliteQueue,
  sqliteSource,
  sqliteStore,
} from 'semel/sqlite'
import { change, clients, coded, scratch } from './sqlite-kit.ts'

const source = resolve(import.meta.dirname, '../../src')

/** Counts the connections that are made. */
function counting([, open]: (typeof clients)[number]): { open: SqliteOpen; made(): number } {
  let made = 0
  return {
    open: (file) => {
      made++
      return open(file)
    },
    made: () => made,
  }
}

for (const client of clients) {
  test(`${client[0]}: everything on one file shares one connection, by whatever name`, async (context) => {
    const { file, keep } = scratch(context)
    const { open, made } = counting(client)
    const store = keep(sqliteStore(file, { open }))
    await store.prepare()
    symlinkSync(file, `${file}.link`)
    const second = keep(sqliteStore(`${file}.link`, { open }))
    const publisher = keep(
      sqlitePublisher(join(dirname(file), '.', 'shop.db'), { topic: 'orders' }),
    )
    const queue = keep(sqliteQueue(file))
    const orders = keep(sqliteSource(file, { topic: 'orders' }))
    await orders.open({ group: 'points', instance: undefined })
    await Promise.all([second.prepare(), publisher.send({ body: 1 }), queue.list()])
    assert.equal(made(), 1)
    assert.equal(second.medium, store.medium)
    assert.equal(orders.within?.medium, store.medium)
  })

  test(`${client[0]}: the last one to close closes the connection, and the next opens another`, async (context) => {
    const { file, keep } = scratch(context)
    const { open, made } = counting(client)
    const store = keep(sqliteStore(file, { open }))
    const publisher = keep(sqlitePublisher(file, { topic: 'orders', open }))
    await store.prepare()
    await store.close()
    await store.close()
    await publisher.send({ body: 1 })
    assert.equal(made(), 1)
    assert.ok(existsSync(`${file}-wal`), 'it is open')
    await publisher.close()
    assert.ok(!existsSync(`${file}-wal`), 'it is closed')
    await keep(sqliteStore(file, { open })).prepare()
    assert.equal(made(), 2)
  })
}

test('two ways to open one file are refused, and one file may be opened in another way later', async (context) => {
  const { file, keep } = scratch(context)
  const [[, nodeSqlite], [, betterSqlite3]] = clients as [(typeof clients)[0], (typeof clients)[0]]
  const store = keep(sqliteStore(file, { open: nodeSqlite }))
  assert.throws(() => sqliteStore(file, { open: betterSqlite3 }), coded('SEMEL_OPTION_INVALID'))
  assert.throws(() => sqliteStore(file), /same function/)
  await store.close()
  await keep(sqliteStore(file, { open: betterSqlite3 })).prepare()
})

test('a source that does not care how its file is opened leaves that to the store', async (context) => {
  const { file, keep } = scratch(context)
  const { open, made } = counting(clients[1] as (typeof clients)[0])
  const orders = keep(sqliteSource(file, { topic: 'orders' }))
  keep(sqliteStore(file, { open }))
  await orders.open({ group: 'points', instance: undefined })
  assert.equal(made(), 1)
})

test('two copies of the package in one process share the connection', async (context) => {
  const { file, keep } = scratch(context)
  const copy = join(dirname(file), 'copy')
  mkdirSync(copy)
  cpSync(source, join(copy, 'src'), { recursive: true })
  cpSync(join(source, '../package.json'), join(copy, 'package.json'))
  symlinkSync(join(source, '../node_modules'), join(copy, 'node_modules'))
  const other: typeof import('semel/sqlite') = await import(join(copy, 'src/sqlite/index.ts'))
  assert.notEqual(other.sqliteStore, sqliteStore)
  const store = keep(sqliteStore(file))
  const theirs = keep(other.sqliteStore(file))
  assert.equal(theirs.medium, store.medium)
  await theirs.prepare()
  await theirs.close()
  await store.leases.read([])
})

test('a source that cannot give back what it has in hand lets go of its file all the same', async (context) => {
  const shop = scratch(context)
  const { file, keep } = shop
  const { open, made } = counting(clients[0] as (typeof clients)[0])
  const orders = sqliteSource(file, { topic: 'orders', open })
  await orders.open({ group: 'points', instance: undefined })
  change(shop, 'drop table semel_queue_delivery')
  await assert.rejects(orders.close())
  assert.ok(!existsSync(`${file}-wal`), 'it is closed')
  await orders.close()
  assert.equal(made(), 1)
  keep(sqliteStore(file, { open: clients[1]?.[1] ?? open }))
})
