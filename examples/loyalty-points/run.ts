// An order is paid, its buyer gets 30 points: once, however often and by however many the message is delivered.
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConsumer, on, unchecked } from 'semel'
import { snowflakeIds } from 'semel/ids'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'

interface OrderPaid {
  readonly orderId: string
  readonly userId: string
}

const orders = 200
const shops = 4
const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
const file = join(folder, 'shop.db')
const db = new DatabaseSync(file)
db.exec(
  'create table t_points (order_id text unique not null, user_id text, points integer) strict',
)

// Several shops make ids of orders at the same time. Each has a worker number of its own from the store.
const store = sqliteStore(file)
const ids = await Promise.all(Array.from({ length: shops }, () => snowflakeIds(store)))
const paid: OrderPaid[] = Array.from({ length: orders }, (_, at) => ({
  orderId: String(ids[at % shops]?.next()),
  userId: `user-${at % 7}`,
}))
for (const shop of ids) await shop.close()
const different = new Set(paid.map(({ orderId }) => orderId)).size
console.log(`${shops} shops made ${orders} ids, ${different} are different: ${paid[0]?.orderId} …`)

// Every message is sent twice: the id was made before, so both name the same order.
const publisher = sqlitePublisher(file, { topic: 'orders' })
await publisher.sendBatch([...paid, ...paid].map((body) => ({ tag: 'PAID', body })))
await publisher.close()
console.log(`sent      ${2 * orders} messages, each order twice`)

const consumer = createConsumer({
  group: 'points',
  source: sqliteSource(file, { topic: 'orders', tag: 'PAID' }),
  store,
  body: unchecked<OrderPaid>(),
  key: (message) => message.body.orderId,
  handler({ body }, { tx }) {
    tx.prepare('insert into t_points values (?, ?, 30)').run(body.orderId, body.userId)
  },
})
const seen = { applied: 0, duplicate: 0 }
const { promise: allSeen, resolve } = Promise.withResolvers<void>()
for (const name of ['applied', 'duplicate'] as const)
  on(name, () => {
    seen[name]++
    if (seen.applied + seen.duplicate === 2 * orders) resolve()
  })

console.log(`assurance ${consumer.assurance.level}`)
await consumer.start()
await allSeen
await consumer.stop()
await store.close()

const { rows, points } = db
  .prepare('select count(*) as rows, sum(points) as points from t_points')
  .get() as { rows: number; points: number }
db.close()
rmSync(folder, { recursive: true })
console.log(`applied   ${seen.applied}, duplicates ${seen.duplicate}`)
console.log(`points    ${points} for ${rows} orders`)
if (different !== orders || rows !== orders || points !== 30 * orders) {
  console.error(`WRONG: there must be ${orders} different orders, with 30 points for each`)
  process.exitCode = 1
}
