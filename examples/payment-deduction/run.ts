// One order is paid, and the message says so again and again: 100 is deducted once.
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConsumer, on, unchecked } from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'

interface OrderPaid {
  readonly orderId: string
  readonly account: string
  readonly amount: number
}

const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
const file = join(folder, 'shop.db')
const shop = new DatabaseSync(file)
shop.exec(`
  create table account (id text primary key, balance integer not null) strict;
  create table ledger (id integer primary key, order_id text not null, amount integer not null) strict;
  insert into account values ('anna', 1000);
`)

// The producer sends it three times: it had no answer the first time, and then somebody pressed the button again.
const paid: OrderPaid = { orderId: 'order-1', account: 'anna', amount: 100 }
const publisher = sqlitePublisher(file, { topic: 'orders' })
for (const id of ['message-1', 'message-1', 'message-2']) {
  await publisher.send({ id, tag: 'PAID', body: paid })
  console.log(`sent      ${id}: order-1 is paid, deduct 100`)
}
await publisher.close()

const store = sqliteStore(file)
const consumer = createConsumer({
  group: 'deduction',
  source: sqliteSource(file, { topic: 'orders', tag: 'PAID' }),
  store,
  body: unchecked<OrderPaid>(),
  key: (message) => message.body.orderId,
  handler({ body }, { tx }) {
    const { orderId, account, amount } = body
    tx.prepare('update account set balance = balance - ? where id = ?').run(amount, account)
    tx.prepare('insert into ledger (order_id, amount) values (?, ?)').run(orderId, -amount)
  },
})

const { promise: allSeen, resolve } = Promise.withResolvers<void>()
let seen = 0
function show(what: string, key: string): void {
  console.log(`${what.padEnd(9)} ${key}`)
  if (++seen === 3) resolve()
}
on('applied', ({ key }) => show('applied', key))
on('duplicate', ({ key }) => show('duplicate', key))

console.log(`assurance ${consumer.assurance.level}`)
await consumer.start()
await allSeen
await consumer.stop()
await store.close()

const { balance } = shop.prepare('select balance from account').get() as { balance: number }
const lines = shop.prepare('select order_id, amount from ledger').all()
shop.close()
rmSync(folder, { recursive: true })
console.log(`balance   ${balance}, lines in the ledger: ${lines.length}`)
if (balance !== 900 || lines.length !== 1) {
  console.error('WRONG: the balance must be 900, and the ledger must have one line')
  process.exitCode = 1
}
