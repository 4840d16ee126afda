// More requests than the database bears arrive at once: so many a second are served, and nobody gets what is not there.
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createConsumer, on, unchecked } from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'

interface Request {
  readonly buyer: string
}

const { values: asked } = parseArgs({
  options: {
    requests: { type: 'string', default: '500' },
    rate: { type: 'string', default: '200' },
    stock: { type: 'string', default: '100' },
  },
})
const [requests, rate, stock] = [asked.requests, asked.rate, asked.stock].map(Number) as [
  number,
  number,
  number,
]

const folder = mkdtempSync(join(tmpdir(), 'semel-example-'))
const file = join(folder, 'shop.db')
const shop = new DatabaseSync(file)
shop.exec(`
  create table stock (item text primary key, left_over integer not null check (left_over >= 0)) strict;
  create table sale (seq integer primary key, buyer text not null) strict;
  create table refusal (buyer text not null) strict;
`)
shop.prepare("insert into stock values ('phone', ?)").run(stock)

// They all arrive within a second, and one in ten presses the button again. The queue takes what the database cannot.
const buyers = Array.from({ length: requests }, (_, at) => `buyer-${at}`)
const again = buyers.filter((_, at) => at % 10 === 0)
const publisher = sqlitePublisher(file, { topic: 'requests' })
const sendingMs = performance.now()
await publisher.sendBatch([...buyers, ...again].map((buyer) => ({ body: { buyer } })))
await publisher.close()
const messages = requests + again.length
console.log(
  `arrived   ${messages} messages of ${requests} buyers in ${Math.round(performance.now() - sendingMs)} ms`,
)

const store = sqliteStore(file)
const consumer = createConsumer({
  group: 'sale',
  source: sqliteSource(file, { topic: 'requests' }),
  store,
  body: unchecked<Request>(),
  key: (message) => message.body.buyer,
  ratePerSecondMax: rate,
  handler({ body }, { tx }) {
    const sold = tx
      .prepare("update stock set left_over = left_over - 1 where item = 'phone' and left_over > 0")
      .run()
    const told = sold.changes === 1 ? 'sale' : 'refusal'
    tx.prepare(`insert into ${told} (buyer) values (?)`).run(body.buyer)
  },
})

const startedMs = performance.now()
const served: number[] = []
let duplicates = 0
const { promise: allSeen, resolve } = Promise.withResolvers<void>()
const note = (): void => {
  if (served.length + duplicates === messages) resolve()
}
on('applied', () => {
  served.push(performance.now() - startedMs)
  note()
})
on('duplicate', () => {
  duplicates++
  note()
})
const ticker = setInterval(() => console.log(`served    ${served.length}`), 1_000)
console.log(`serving   at most ${rate} a second`)
await consumer.start()
await allSeen
clearInterval(ticker)
await consumer.stop()
await store.close()

const numberOf = (sql: string): number => (shop.prepare(sql).get() as { n: number }).n
const left = numberOf('select left_over as n from stock')
const sold = numberOf('select count(*) as n from sale')
const twice = numberOf('select count(*) - count(distinct buyer) as n from sale')
const firsts = shop.prepare('select buyer from sale order by seq').all() as { buyer: string }[]
shop.close()
rmSync(folder, { recursive: true })

const fastest = mostWithinASecond(served)
const expected = Math.min(stock, requests)
console.log(`sold      ${sold} of ${stock}, left ${left}, twice to one buyer ${twice}`)
console.log(`duplicates ${duplicates}, most served within a second ${fastest}`)
const wrong = [
  sold !== expected && `${expected} must be sold`,
  left !== stock - expected && `${stock - expected} must be left`,
  twice !== 0 && 'nobody may be served twice',
  served.length !== requests && 'every buyer must get one answer',
  firsts.some(({ buyer }, at) => buyer !== buyers[at]) && 'who came first must be served first',
  fastest > 1.5 * rate && `no more than about ${rate} may be served within a second`,
].filter((one) => one !== false)
for (const one of wrong) console.error(`WRONG: ${one}`)
if (wrong.length > 0) process.exitCode = 1

/** Over any second, not only whole ones. */
function mostWithinASecond(times: readonly number[]): number {
  let from = 0
  let most = 0
  times.forEach((time, at) => {
    while ((times[from] ?? time) < time - 1_000) from++
    most = Math.max(most, at - from + 1)
  })
  return most
}
