import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { isSemelError } from 'semel'
import {
  migrateSqlite,
  type SqliteOpen,
  sqlitePublisher,
  sqliteSource,
  sqliteStore,
} from 'semel/sqlite'
import { change, clients, coded, door, rows, scratch, type SqliteTx } from './sqlite-kit.ts'

/** With the error of the client as its cause. */
function caused(code: string): (error: unknown) => boolean {
  return (error) => {
    coded(code)(error)
    assert.ok(isSemelError(error) && error.cause instanceof Error, 'the cause is kept')
    return true
  }
}

function configured(open: SqliteOpen, ...pragmas: readonly string[]): SqliteOpen {
  return (file) => {
    const connection = open(file)
    for (const pragma of pragmas) connection.exec(`pragma ${pragma}`)
    return connection
  }
}

for (const [client, open] of clients) {
  test(`${client}: a file that is no database is refused as damaged`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    writeFileSync(file, 'this is no database, and it is longer than a hundred bytes: '.repeat(40))
    const store = keep(sqliteStore(file, { open }))
    await assert.rejects(store.prepare(), caused('SEMEL_STORE_CORRUPT'))
    await assert.rejects(store.leases.read([]), caused('SEMEL_STORE_CORRUPT'))
  })

  test(`${client}: a folder in place of the file is not available`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    const store = keep(sqliteStore(`${file}/..`, { open }))
    await assert.rejects(store.prepare(), caused('SEMEL_STORE_UNAVAILABLE'))
  })

  test(`${client}: a connection that only reads is refused before anything is consumed`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    await migrateSqlite(file, { open })
    const store = keep(sqliteStore(file, { open: configured(open, 'query_only = on') }))
    await assert.rejects(store.prepare(), caused('SEMEL_STORE_READ_ONLY'))
  })

  test(`${client}: a full file gives nothing away: neither effect nor record`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    await migrateSqlite(file, { open })
    change(shop, 'create table effects (content text)')
    const full = configured(open, 'max_page_count = 30')
    const points = door(keep(sqliteStore(file, { open: full })))
    const fills = points.run('A-17', ({ tx }) => {
      const insert = tx.prepare('insert into effects values (?)')
      try {
        for (let row = 0; row < 1_000; row++) insert.run('x'.repeat(4_000))
      } catch {
        // Swallowed, as careless handlers do.
      }
    })
    const error: unknown = await fills.catch((reason: unknown) => reason)
    const codes = ['SEMEL_TX_ROLLED_BACK', 'SEMEL_STORE_FULL']
    assert.ok(isSemelError(error) && codes.includes(error.code), String(error))
    assert.deepEqual(rows(shop, 'select 1 from effects'), [])
    assert.deepEqual(rows(shop, 'select 1 from semel_inbox'), [])
  })

  test(`${client}: a message that finds no room is refused, and sent when there is some`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    await migrateSqlite(file, { open })
    const connections: SqliteTx[] = []
    const full: SqliteOpen = (path) => {
      const connection = configured(open, 'max_page_count = 30')(path)
      connections.push(connection as unknown as SqliteTx)
      return connection
    }
    const publisher = keep(sqlitePublisher(file, { topic: 'orders', open: full }))
    const body = 'x'.repeat(500_000)
    await assert.rejects(publisher.send({ body }), caused('SEMEL_STORE_FULL'))
    connections[0]?.exec('pragma max_page_count = 100000')
    await publisher.send({ body })
    assert.equal(rows(shop, 'select 1 from semel_queue_message').length, 1)
  })

  test(`${client}: a lock that is not given in time is contended, and nothing else stands still meanwhile`, async (context) => {
    const { file, keep } = scratch(context, open)
    const { leases } = keep(sqliteStore(file, { open, busyMsMax: 300 }))
    await leases.insert([])
    const other = open(file)
    other.exec('begin immediate')
    let beats = 0
    const heart = setInterval(() => beats++, 5)
    context.after(() => clearInterval(heart))
    await assert.rejects(leases.insert([]), caused('SEMEL_STORE_CONTENDED'))
    assert.ok(beats >= 3, `the timer fired ${beats} times`)
    other.exec('commit')
    other.close()
    await leases.insert([])
  })

  test(`${client}: a lock that is given in time is waited for`, async (context) => {
    const { file, keep } = scratch(context, open)
    const { leases } = keep(sqliteStore(file, { open }))
    await leases.insert([])
    const other = open(file)
    other.exec('begin immediate')
    setTimeout(() => void other.close(), 120)
    await leases.insert([])
  })

  test(`${client}: a store that is closed under way ends what was begun and refuses the rest`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    const store = keep(sqliteStore(file, { open }))
    const points = door(store)
    const running = Array.from({ length: 20 }, (_, at) =>
      points
        .run(`k-${at}`, () => at)
        .then(
          () => 'done',
          (error: unknown) => (error as { code: string }).code,
        ),
    )
    await points.run('first', () => 1)
    await store.close()
    const ended = new Set(await Promise.all(running))
    ended.delete('done')
    ended.delete('SEMEL_STORE_CLOSED')
    assert.deepEqual([...ended], [])
    await assert.rejects(
      points.run('late', () => 1),
      coded('SEMEL_STORE_CLOSED'),
    )
  })

  test(`${client}: a connection that somebody else closed is told as closed`, async (context) => {
    const shop = scratch(context, open)
    const { file, keep } = shop
    const connections: SqliteTx[] = []
    const opening: SqliteOpen = (path) => {
      const connection = open(path)
      connections.push(connection as unknown as SqliteTx)
      return connection
    }
    const store = keep(sqliteStore(file, { open: opening }))
    await store.prepare()
    connections[0]?.close()
    await assert.rejects(store.leases.insert([]), caused('SEMEL_STORE_CLOSED'))
    await assert.rejects(store.leases.read([]), caused('SEMEL_STORE_CLOSED'))
  })
}

test('what open answers must be a connection', async (context) => {
  const shop = scratch(context)
  const { file, keep } = shop
  for (const answer of [undefined, 1, {}, Promise.resolve(new DatabaseSync(':memory:'))]) {
    const store = keep(sqliteStore(file, { open: () => answer as never }))
    await assert.rejects(store.prepare(), coded('SEMEL_OPTION_INVALID'))
    await store.close()
  }
})

test('a store is refused what is no file, with advice', () => {
  for (const file of [':memory:', '', 'file:shop.db', 'a\0b', 7, undefined])
    assert.throws(() => sqliteStore(file as string), coded('SEMEL_OPTION_INVALID'), String(file))
  assert.throws(() => sqliteStore('/nowhere/at/all/shop.db'), /folder/)
  assert.throws(() => sqliteStore(':memory:'), /memoryStore/)
})

test('options of store, source and publisher are checked, and the nearest name is suggested', (context) => {
  const { file } = scratch(context)
  const given = (options: object): never => options as never
  assert.throws(() => sqliteStore(file, given({ busyMs: 5 })), /busyMsMax/)
  assert.throws(() => sqliteStore(file, given({ busyMsMax: -1 })), coded('SEMEL_OPTION_INVALID'))
  assert.throws(() => sqliteSource(file, given({ topic: 'a', holdms: 5 })), /holdMs/)
  assert.throws(() => sqliteSource(file, given({ topic: '' })), coded('SEMEL_OPTION_INVALID'))
  assert.throws(() => sqliteSource(file, given({ topic: 'a', tag: 'A||' })), /tag/)
  assert.throws(() => sqlitePublisher(file, given({ inFlight: 5 })), /inFlightMax/)
})
