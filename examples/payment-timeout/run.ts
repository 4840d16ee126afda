// An order that is not paid in time is closed, once; one that is paid at the last moment is not.
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConsumer, on, unchecked } from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'

interface OrderPlaced {
  readonly orderId: string
}

/** Half an hour in a shop. */
const timeOutMs = 300
const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
const file = join(folder, 'shop.db')
const shop = new DatabaseSync(file)
shop.exec(`
  create table orders (id text primary key, state text not null) strict;
  create table closing (order_id text not null, outcome text not null) strict;
  create table stock (item text primary key, left_over integer not null) strict;
  insert into stock values ('phone', 10);
`)

// Three orders are placed, each takes a phone. A message for each is sent now and delivered later; one of them twice.
const publisher = sqlitePublisher(file, { topic: 'time-outs' })
const placedMs = performance.now()
for (const orderId of ['order-1', 'order-2', 'order-3']) {
  shop.prepare("insert into orders values (?, 'placed')").run(orderId)
  shop.exec('update stock set left_over = left_over - 1')
  await publisher.send({ id: `${orderId}-time-out`, delay: timeOutMs, body: { orderId } })
  console.log(`placed    ${orderId}; its time-out is in ${timeOutMs} ms`)
}
await publisher.send({ id: 'order-1-again', delay: timeOutMs, body: { orderId: 'order-1' } })
await publisher.close()

// Meanwhile the buyer of order-2 pays.
shop.exec("update orders set state = 'paid' where id = 'order-2' and state = 'placed'")
console.log('paid      order-2')

const store = sqliteStore(file)
const early: string[] = []
const consumer = createConsumer({
  group: 'time-outs',
  source: sqliteSource(file, { topic: 'time-outs' }),
  store,
  body: unchecked<OrderPlaced>(),
  key: (message) => message.body.orderId,
  handler({ body: { orderId } }, { tx }) {
    if (performance.now() - placedMs < timeOutMs - 5) early.push(orderId)
    // The state decides in the statement itself: whoever pays at this moment is before it or behind it.
    const closed = tx
      .prepare("update orders set state = 'closed' where id = ? and state = 'placed'")
      .run(orderId)
    if (closed.changes === 1) tx.exec('update stock set left_over = left_over + 1')
    const outcome = closed.changes === 1 ? 'closed' : 'was paid'
    tx.prepare('insert into closing values (?, ?)').run(orderId, outcome)
  },
})

const { promise: allSeen, resolve } = Promise.withResolvers<void>()
let seen = 0
function show(what: string, key: string): void {
  console.log(`${what.padEnd(9)} ${key}`)
  if (++seen === 4) resolve()
}
on('applied', ({ key }) => show('applied', key))
on('duplicate', ({ key }) => show('duplicate', key))
await consumer.start()

await allSeen
await consumer.stop()
await store.close()

const outcomes = shop
  .prepare('select order_id, outcome from closing order by order_id')
  .all() as unknown as { order_id: string; outcome: string }[]
const ended = outcomes.map(({ order_id, outcome }) => `${order_id} ${outcome}`).join(', ')
const { left_over: left } = shop.prepare('select left_over from stock').get() as {
  left_over: number
}
shop.close()
rmSync(folder, { recursive: true })
console.log(`ended     ${ended}; phones left ${left}`)
const expected = 'order-1 closed, order-2 was paid, order-3 closed'
if (ended !== expected || left !== 9 || early.length > 0) {
  console.error(`WRONG: it must be "${expected}" with 9 phones left, and none before its time`)
  process.exitCode = 1
}
