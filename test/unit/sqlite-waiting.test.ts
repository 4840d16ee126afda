import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import { change, clients, coded, door, rows, scratch, type SqliteTx, until } from './sqlite-kit.ts'

for (const [client, open] of clients) {
  test(`${client}: a handler that waits for something else is refused and leaves nothing`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, 'create table points (order_id text primary key)')
    const points = door(keep(sqliteStore(file, { open })))
    const waits = points.run('A-17', async ({ tx }) => {
      tx.prepare('insert into points values (?)').run('A-17')
      await sleep(1)
    })
    await assert.rejects(waits, coded('SEMEL_SQLITE_WAITED'))
    assert.deepEqual(rows(shop, 'select * from points'), [])
    assert.deepEqual(rows(shop, 'select * from semel_inbox'), [])
  })

  test(`${client}: what a handler does after it was given up throws, by whatever it kept`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    change(shop, 'create table points (order_id text primary key)')
    const raw: SqliteTx[] = []
    const opening = (path: string): SqliteTx => {
      const connection = open(path) as unknown as SqliteTx
      raw.push(connection)
      return connection
    }
    const points = door(keep(sqliteStore(file, { open: opening as never })))
    const late: unknown[] = []
    const waits = points.run('A-17', async ({ tx }) => {
      const insert = tx.prepare('insert into points values (?)')
      await sleep(5)
      for (const write of [
        () => insert.run('by its statement'),
        () => tx.exec("insert into points values ('by tx')"),
        () => raw[0]?.exec("insert into points values ('by the connection itself')"),
      ])
        try {
          late.push(write())
        } catch (error) {
          late.push((error as { code?: string }).code ?? 'thrown')
        }
    })
    await assert.rejects(waits, coded('SEMEL_SQLITE_WAITED'))
    await until(() => late.length === 3)
    assert.deepEqual(late.slice(0, 2), ['SEMEL_TX_OVER', 'SEMEL_TX_OVER'])
    assert.equal(typeof late[2], 'string')
    assert.deepEqual(rows(shop, 'select * from points'), [])
    await points.run('A-18', ({ tx }) => void tx.prepare('insert into points values (?)').run('n'))
    assert.deepEqual(rows(shop, 'select * from points'), [{ order_id: 'n' }])
    assert.equal(raw.length, 2)
  })

  test(`${client}: a handler may await what is ready at once`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    const points = door(keep(sqliteStore(file, { open })))
    const total = await points.run('A-17', async ({ tx }) => {
      for (let round = 0; round < 100; round++) await Promise.resolve()
      await new Promise<void>((resolve) => process.nextTick(resolve))
      return tx.prepare('select 30 as total').get() as { total: number }
    })
    assert.equal(total.total, 30)
  })
}

test('a handler that was given up and comes back acknowledges nothing in the transaction of another', async (context) => {
  const shop = scratch(context)
  const { file, keep } = shop
  const store = keep(sqliteStore(file))
  const publisher = keep(sqlitePublisher(file, { topic: 'orders' }))
  const source = keep(sqliteSource(file, { topic: 'orders' }))
  await source.open({ group: 'points', instance: undefined })
  await publisher.send({ body: 1 })
  const mine = await source.pull(1, AbortSignal.timeout(5_000))
  const back = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  const waits = store.transactions?.open(async (transaction) => {
    const { end } = transaction.forHandler()
    await back.promise
    try {
      end()
      source.within?.ack(mine)
      ended.resolve('acknowledged')
    } catch (error) {
      ended.resolve((error as { code: string }).code)
    }
  })
  await assert.rejects(waits ?? Promise.resolve(), coded('SEMEL_SQLITE_WAITED'))
  await store.transactions?.open(async () => {
    back.resolve()
    assert.equal(await ended.promise, 'SEMEL_TX_OVER')
  })
  assert.equal(rows(shop, 'select * from semel_queue_delivery').length, 1)
})

test('other work of the process goes on while transactions follow one another', async (context) => {
  const shop = scratch(context)
  const { file, keep } = shop
  const store = keep(sqliteStore(file))
  await store.prepare()
  let beats = 0
  const heart = setInterval(() => beats++, 1)
  const stop = performance.now() + 150
  const worker = async (): Promise<void> => {
    while (performance.now() < stop) await store.transactions?.open(async () => undefined)
  }
  await Promise.all([1, 2, 3, 4].map(worker))
  clearInterval(heart)
  assert.ok(beats >= 5, `the timer fired ${beats} times`)
})
