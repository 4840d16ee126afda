// Orders are charged at a gateway and receipts are mailed; the consumer is killed in the middle of one of each.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { sqlitePublisher } from 'semel/sqlite'
import { startGateway } from './gateway.ts'

const orders = ['order-1', 'order-2', 'order-3', 'order-4', 'order-5']
/** What happens at the far side without an answer, the first time: then the consumer is killed. */
const silent = new Set(['/mail order-2', '/charge order-3'])

const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
const file = join(folder, 'shop.db')
const shop = new DatabaseSync(file)
shop.exec('create table booking (order_id text not null, receipt text not null) strict')

const bothWait = Promise.withResolvers<void>()
const gateway = await startGateway((path, order) => {
  if (!silent.delete(`${path} ${order}`)) return false
  if (silent.size === 0) bothWait.resolve()
  return true
})

const publisher = sqlitePublisher(file, { topic: 'orders' })
await publisher.sendBatch(orders.map((order) => ({ body: { order } })))
await publisher.close()
console.log(`sent      ${orders.join(', ')}`)

const first = startConsumer()
await inTime(bothWait.promise, 'both calls')
first.kill('SIGKILL')
await once(first, 'exit')
console.log(
  'KILLED    by kill -9: the mail of order-2 and the charge of order-3 have happened, nobody knows',
)

const second = startConsumer()
await inTime(untilBooked(orders.length), 'every booking')
second.disconnect()
await once(second, 'exit')
gateway.close()

const booked = shop
  .prepare('select order_id from booking order by order_id')
  .all()
  .map((row) => row['order_id'])
shop.close()
rmSync(folder, { recursive: true })
report('charges', gateway.charges, 'level B: once per order, the gateway knew the key')
report('mails', gateway.mails, 'level C: once more for the order whose mail had no answer')
report('bookings', booked, 'in the commit of the record')
if (
  !same(gateway.charges, orders) ||
  !same(gateway.mails, [...orders, 'order-2']) ||
  !same(booked, orders)
) {
  console.error('WRONG: every order is charged and booked once, and one mail goes twice')
  process.exitCode = 1
}

function startConsumer(): ChildProcess {
  return fork(join(import.meta.dirname, 'consumer.ts'), [file, gateway.url])
}

async function untilBooked(count: number): Promise<void> {
  const booked = shop.prepare('select count(*) as count from booking')
  while (Number(booked.get()?.['count']) < count) await pause(20)
}

async function inTime(what: Promise<void>, name: string): Promise<void> {
  const late = pause(30_000, 'late', { ref: false })
  if ((await Promise.race([what, late])) === 'late') throw new Error(`${name}: not within 30 s`)
}

function report(name: string, happened: readonly unknown[], why: string): void {
  console.log(`${name.padEnd(9)} ${happened.length} for ${orders.length} orders; ${why}`)
}

function same(happened: readonly unknown[], expected: readonly string[]): boolean {
  return sorted(happened) === sorted(expected)
}

function sorted(names: readonly unknown[]): string {
  return names.map(String).sort().join()
}
