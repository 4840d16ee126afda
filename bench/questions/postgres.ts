import { randomBytes } from 'node:crypto'
import { Pool, type PoolClient } from 'pg'
import type { MemoryQueue } from 'semel/memory'
import { migratePostgres, postgresStore } from 'semel/postgres'
import type { Contestant, Question } from '../harness.ts'
import {
  accounts,
  consumeWithSemel,
  type Given,
  type Payment,
  paymentsOf,
  pullByHand,
  waiting,
} from '../payments.ts'

/** A schema of one measurement's own, with the inbox and the user's two tables. */
export interface Place {
  readonly schema: string
  readonly pool: Pool
  readonly queue: MemoryQueue
  readonly deliveries: number
}

const url = process.env['SEMEL_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** As many at once as people have, and one to spare. */
export const loops = 16

export async function prepare(deliveries: number, pipeline = false): Promise<Place> {
  const schema = `semel_bench_${randomBytes(6).toString('hex')}`
  const pool = openPool(schema, pipeline)
  await pool.query(`create schema ${schema}`)
  await pool.query(`
    create table ledger (id bigint generated always as identity primary key, payment bigint not null, cents integer not null);
    create table account (id integer primary key, cents bigint not null);
    create table seen (payment bigint primary key);
    insert into account select id, 0 from generate_series(0, ${accounts - 1}) id`)
  await migratePostgres(pool)
  return { schema, pool, queue: await waiting(deliveries), deliveries }
}

/** As many connections as people give 16 loops, and one to spare. */
export function openPool(schema: string, pipeline = false): Pool {
  const options = `-c search_path=${schema}`
  return new Pool({ connectionString: url, max: loops + 1, options, pipeline })
}

export async function close({ schema, pool }: Place): Promise<void> {
  await pool.query(`drop schema ${schema} cascade`)
  await pool.end()
}

const insertLine = 'insert into ledger (payment, cents) values ($1, $2)'
const addCents = 'update account set cents = cents + $1 where id = $2'

async function effect(tx: PoolClient, { id, account, cents }: Payment): Promise<void> {
  await tx.query(insertLine, [id, cents])
  await tx.query(addCents, [cents, account])
}

async function effects(tx: PoolClient, payments: readonly Payment[]): Promise<void> {
  const columns = [
    payments.map(({ id }) => id),
    payments.map(({ account }) => account),
    payments.map(({ cents }) => cents),
  ]
  await tx.query(
    'insert into ledger (payment, cents) select * from unnest($1::bigint[], $2::integer[])',
    [columns[0], columns[2]],
  )
  await tx.query(
    `update account set cents = account.cents + paid.cents
       from (select id, sum(cents) as cents from unnest($1::integer[], $2::integer[]) p (id, cents) group by id) paid
      where account.id = paid.id`,
    [columns[1], columns[2]],
  )
}

export const handler: Given<PoolClient>['handler'] = ({ body }, { tx }) =>
  effect(tx as PoolClient, body)
export const handlerBatch: Given<PoolClient>['handlerBatch'] = (messages, { tx }) =>
  effects(
    tx,
    messages.map(({ body }) => body),
  )

type ByHand = (tx: PoolClient, payments: readonly Payment[]) => Promise<void>

export async function plain(tx: PoolClient, payments: readonly Payment[]): Promise<void> {
  for (const payment of payments) await effect(tx, payment)
}

/** What people write who know: a row with a unique key, in the transaction of the effect. */
export async function inbox(tx: PoolClient, payments: readonly Payment[]): Promise<void> {
  const insert = 'insert into seen (payment) values ($1) on conflict do nothing'
  for (const payment of payments)
    if ((await tx.query(insert, [payment.id])).rowCount === 1) await effect(tx, payment)
}

/** The batch shape by hand: the keys by one statement, the effects of those that are new by two. */
async function batch(tx: PoolClient, payments: readonly Payment[]): Promise<void> {
  const insert =
    'insert into seen (payment) select * from unnest($1::bigint[]) on conflict do nothing returning payment'
  const { rows } = await tx.query(insert, [payments.map(({ id }) => id)])
  const fresh = new Set(rows.map((row: { payment: string }) => Number(row.payment)))
  await effects(
    tx,
    payments.filter(({ id }) => fresh.delete(id)),
  )
}

export function byHand(many: number, size: number, apply: ByHand): Contestant<Place>['consume'] {
  return ({ pool, queue, deliveries }) =>
    pullByHand(queue, deliveries, { loops: many, size }, async (payments) => {
      const client = await pool.connect()
      await client.query('begin')
      await apply(client, payments)
      await client.query('commit')
      client.release()
    })
}

export function withSemel(given: Given<PoolClient>): Contestant<Place>['consume'] {
  return ({ pool, queue, deliveries }) =>
    consumeWithSemel(queue, deliveries, postgresStore(pool), given)
}

export function leavesEvery(what: 'deliveries' | 'payments'): Contestant<Place>['verify'] {
  return async ({ pool, deliveries }) => {
    const counted = await pool.query(`
      select (select count(*) from ledger)::integer as lines,
             (select coalesce(sum(cents), 0) from ledger) = (select sum(cents) from account) as same`)
    const { lines, same } = counted.rows[0] as { lines: number; same: boolean }
    const wanted = what === 'deliveries' ? deliveries : paymentsOf(deliveries)
    if (lines !== wanted) throw new Error(`the ledger has ${lines} lines for ${wanted} ${what}`)
    if (!same) throw new Error('the accounts do not hold what the ledger says')
  }
}

export const postgres: Question<Place> = {
  name: 'postgres',
  asks: 'What does exactly once cost over PostgreSQL, two statements, 5 % copies, nothing declared?',
  contestants: [
    { name: 'plain', consume: byHand(loops, 1, plain), verify: leavesEvery('deliveries') },
    {
      name: 'hand-written-inbox',
      consume: byHand(loops, 1, inbox),
      verify: leavesEvery('payments'),
    },
    { name: 'hand-written-batch', consume: byHand(1, 200, batch), verify: leavesEvery('payments') },
    { name: 'semel', consume: withSemel({ handler }), verify: leavesEvery('payments') },
    { name: 'semel-batch', consume: withSemel({ handlerBatch }), verify: leavesEvery('payments') },
  ],
  prepare: (deliveries) => prepare(deliveries),
  close,
}
