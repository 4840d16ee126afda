import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ConsumerOptions,
  createConsumer,
  type Delivery,
  options,
  type Source,
  type Store,
  unchecked,
} from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import type { Contestant, Question } from '../harness.ts'
import { accounts, type Payment, paymentAt, paymentsOf, settled, topic } from '../payments.ts'

/** One file with everything: the queue, the inbox, and the user's two tables. */
export interface Place {
  readonly folder: string
  readonly file: string
  /** Distinct payments. */
  readonly payments: number
  readonly deliveries: number
}

const decoder = new TextDecoder()

const schema = `
  create table ledger (id integer primary key, payment integer not null, cents integer not null) strict;
  create table account (id integer primary key, cents integer not null) strict;
  create table seen (payment integer primary key) strict;
  with recursive ids (id) as (select 0 union all select id + 1 from ids where id < ${accounts - 1})
  insert into account select id, 0 from ids;
`

export type Handlers =
  | Pick<ConsumerOptions<DatabaseSync, Payment, 'A'>, 'handler'>
  | Pick<ConsumerOptions<DatabaseSync, Payment, 'A'>, 'handlerBatch'>

export const oneByOne: Handlers = { handler: ({ body }, { tx }) => effect(tx, body) }
export const setBased: Handlers = {
  handlerBatch: (messages, { tx }) =>
    effects(
      tx,
      messages.map(({ body }) => body),
    ),
}

export const sqlite: Question<Place> = {
  name: 'sqlite',
  asks: 'What does exactly once cost over SQLite, durable, queue included, two statements, 5 % copies?',
  contestants: [
    { name: 'plain', consume: pullByHand(effect), verify: leavesEvery('deliveries') },
    {
      name: 'hand-written-inbox',
      consume: pullByHand(effectOnce),
      verify: leavesEvery('payments'),
    },
    { name: 'hand-written-batch', consume: batchesByHand, verify: leavesEvery('payments') },
    { name: 'semel', consume: consumeWithSemel(oneByOne), verify: leavesEvery('payments') },
    { name: 'semel-batch', consume: consumeWithSemel(setBased), verify: leavesEvery('payments') },
  ],
  prepare,
  async close({ folder }) {
    rmSync(folder, { recursive: true, force: true })
  },
}

export async function prepare(deliveries: number): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-bench-'))
  const file = join(folder, 'bench.db')
  const db = new DatabaseSync(file)
  db.exec(`pragma journal_mode = wal; ${schema}`)
  db.close()
  const payments = paymentsOf(deliveries)
  const publisher = sqlitePublisher(file, { topic })
  const all = Array.from({ length: deliveries }, (_, at) => paymentAt(at))
  await publisher.sendBatch(all.map((body) => ({ body })))
  await publisher.close()
  return { folder, file, payments, deliveries }
}

type Apply = (tx: DatabaseSync, payment: Payment) => void

function effect(tx: DatabaseSync, { id, account, cents }: Payment): void {
  tx.prepare('insert into ledger (payment, cents) values (?, ?)').run(id, cents)
  tx.prepare('update account set cents = cents + ? where id = ?').run(cents, account)
}

/** What people write who know: a row with a unique key, in the transaction of the effect. */
function effectOnce(tx: DatabaseSync, payment: Payment): void {
  const insert = tx.prepare('insert into seen (payment) values (?) on conflict do nothing')
  if (insert.run(payment.id).changes === 1) effect(tx, payment)
}

/** One transaction for each delivery, with its acknowledgement inside: as few commits as a loop can have. */
function pullByHand(apply: Apply): Contestant<Place>['consume'] {
  return async ({ file, deliveries }) => {
    const store = sqliteStore(file)
    const source = sqliteSource(file, { topic })
    await store.prepare()
    await source.open({ group: 'ledger', instance: undefined })
    for (let left = deliveries; left > 0; ) {
      const pulled = await source.pull(options.prefetchMax.default, new AbortController().signal)
      for (const delivery of pulled) await performByHand(store, source, delivery, apply)
      left -= pulled.length
    }
    await source.close()
    await store.close()
  }
}

async function performByHand(
  { transactions }: Store<DatabaseSync>,
  { within }: Source,
  delivery: Delivery,
  apply: Apply,
): Promise<void> {
  const payment = JSON.parse(decoder.decode(delivery.message.body)) as Payment
  await transactions?.open(async (open) => {
    const { tx, end } = open.forHandler()
    apply(tx, payment)
    end()
    within?.ack([delivery])
  })
}

/** The effects of many payments in two statements. */
function effects(tx: DatabaseSync, payments: readonly Payment[]): void {
  const json = JSON.stringify(payments.map(({ id, account, cents }) => [id, account, cents]))
  tx.prepare(
    'insert into ledger (payment, cents) select value ->> 0, value ->> 2 from json_each(?)',
  ).run(json)
  tx.prepare(
    `update account set cents = account.cents + paid.cents
       from (select value ->> 1 as id, sum(value ->> 2) as cents from json_each(?) group by 1) paid
      where account.id = paid.id`,
  ).run(json)
}

/** The keys of many payments in one statement: those that are new. */
function freshOf(tx: DatabaseSync, payments: readonly Payment[]): readonly Payment[] {
  const json = JSON.stringify(payments.map(({ id }) => id))
  const insert =
    'insert into seen (payment) select value from json_each(?) where true on conflict do nothing returning payment'
  const fresh = new Set(
    (tx.prepare(insert).all(json) as { payment: number }[]).map(({ payment }) => payment),
  )
  return payments.filter(({ id }) => fresh.delete(id))
}

/** The same batch shape by hand: pulled together, one transaction, set-based, acknowledged inside. */
async function batchesByHand({ file, deliveries }: Place): Promise<void> {
  const store = sqliteStore(file)
  const source = sqliteSource(file, { topic })
  await store.prepare()
  await source.open({ group: 'ledger', instance: undefined })
  for (let left = deliveries; left > 0; ) {
    const pulled = await source.pull(options.batchMax.default, new AbortController().signal)
    await store.transactions?.open(async (open) => {
      const { tx, end } = open.forHandler()
      effects(
        tx,
        freshOf(
          tx,
          pulled.map(({ message }) => JSON.parse(decoder.decode(message.body)) as Payment),
        ),
      )
      end()
      source.within?.ack(pulled)
    })
    left -= pulled.length
  }
  await source.close()
  await store.close()
}

export function consumeWithSemel(handlers: Handlers): Contestant<Place>['consume'] {
  return async ({ file, deliveries }) => {
    const store = sqliteStore(file)
    const consumer = createConsumer({
      group: 'ledger',
      source: sqliteSource(file, { topic }),
      store,
      body: unchecked<Payment>(),
      key: ({ body }) => body.id,
      ...handlers,
    } as ConsumerOptions<DatabaseSync, Payment, 'A'>)
    const done = settled(deliveries)
    await consumer.start()
    await done
    await consumer.stop()
    await store.close()
  }
}

export function leavesEvery(what: 'deliveries' | 'payments'): Contestant<Place>['verify'] {
  return (place) => {
    const db = new DatabaseSync(place.file)
    const { lines } = db.prepare('select count(*) as lines from ledger').get() as { lines: number }
    const sums = 'select (select sum(cents) from ledger) = (select sum(cents) from account) as same'
    const { same } = db.prepare(sums).get() as { same: number }
    db.close()
    if (lines !== place[what])
      throw new Error(`the ledger has ${lines} lines for ${place[what]} ${what}`)
    if (same !== 1) throw new Error('the accounts do not hold what the ledger says')
  }
}
