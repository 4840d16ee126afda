import { randomBytes } from 'node:crypto'
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { MemoryQueue } from 'semel/memory'
import { migrateMysql, mysqlStore } from 'semel/mysql'
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

/** A database of one measurement's own, with the inbox and the user's two tables. */
interface Place {
  readonly database: string
  readonly pool: Pool
  readonly queue: MemoryQueue
  readonly deliveries: number
}

const url = process.env['SEMEL_MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306'
const loops = 16

async function prepare(deliveries: number): Promise<Place> {
  const database = `semel_bench_${randomBytes(6).toString('hex')}`
  const admin = createPool({ uri: url, connectionLimit: 1 })
  await admin.query(`create database ${database}`)
  await admin.end()
  const uri = Object.assign(new URL(url), { pathname: `/${database}` }).href
  const pool = createPool({ uri, connectionLimit: loops + 1 })
  await pool.query(
    'create table ledger (id bigint auto_increment primary key, payment bigint not null, cents int not null) engine innodb',
  )
  await pool.query('create table account (id int primary key, cents bigint not null) engine innodb')
  await pool.query('create table seen (payment bigint primary key) engine innodb')
  const ids = Array.from({ length: accounts }, (_, id) => `(${id}, 0)`)
  await pool.query(`insert into account values ${ids.join(', ')}`)
  await migrateMysql(pool)
  return { database, pool, queue: await waiting(deliveries), deliveries }
}

async function close({ database, pool }: Place): Promise<void> {
  await pool.query(`drop database ${database}`)
  await pool.end()
}

async function effect(tx: PoolConnection, { id, account, cents }: Payment): Promise<void> {
  await tx.query('insert into ledger (payment, cents) values (?, ?)', [id, cents])
  await tx.query('update account set cents = cents + ? where id = ?', [cents, account])
}

async function effects(tx: PoolConnection, payments: readonly Payment[]): Promise<void> {
  if (payments.length === 0) return
  const lines = payments.map(({ id, cents }) => [id, cents])
  await tx.query('insert into ledger (payment, cents) values ?', [lines])
  const sums = new Map<number, number>()
  for (const { account, cents } of payments) sums.set(account, (sums.get(account) ?? 0) + cents)
  await tx.query(
    'insert into account (id, cents) values ? on duplicate key update cents = cents + values(cents)',
    [[...sums]],
  )
}

const handler: Given<PoolConnection>['handler'] = ({ body }, { tx }) =>
  effect(tx as PoolConnection, body)
const handlerBatch: Given<PoolConnection>['handlerBatch'] = (messages, { tx }) =>
  effects(
    tx,
    messages.map(({ body }) => body),
  )

type ByHand = (tx: PoolConnection, payments: readonly Payment[]) => Promise<void>

async function plain(tx: PoolConnection, payments: readonly Payment[]): Promise<void> {
  for (const payment of payments) await effect(tx, payment)
}

/** The batch shape by hand: what is known is looked up under lock, the rest inserted and applied. */
async function batch(tx: PoolConnection, payments: readonly Payment[]): Promise<void> {
  const unique = new Map(payments.map((payment) => [payment.id, payment]))
  const [known] = await tx.query<RowDataPacket[]>(
    'select payment from seen where payment in (?) for update',
    [[...unique.keys()]],
  )
  for (const { payment } of known) unique.delete(Number(payment))
  if (unique.size === 0) return
  await tx.query('insert into seen values ?', [[...unique.keys()].map((id) => [id])])
  await effects(tx, [...unique.values()])
}

function byHand(many: number, size: number, apply: ByHand): Contestant<Place>['consume'] {
  return ({ pool, queue, deliveries }) =>
    pullByHand(queue, deliveries, { loops: many, size }, async (payments) => {
      const connection = await pool.getConnection()
      await connection.beginTransaction()
      await apply(connection, payments)
      await connection.commit()
      connection.release()
    })
}

function withSemel(given: Given<PoolConnection>): Contestant<Place>['consume'] {
  return ({ pool, queue, deliveries }) =>
    consumeWithSemel(queue, deliveries, mysqlStore(pool), given)
}

function leavesEvery(what: 'deliveries' | 'payments'): Contestant<Place>['verify'] {
  return async ({ pool, deliveries }) => {
    const [rows] = await pool.query<RowDataPacket[]>(`
      select (select count(*) from ledger) as \`lines\`,
             (select coalesce(sum(cents), 0) from ledger) = (select sum(cents) from account) as same`)
    const wanted = what === 'deliveries' ? deliveries : paymentsOf(deliveries)
    if (Number(rows[0]?.['lines']) !== wanted)
      throw new Error(`the ledger has ${rows[0]?.['lines']} lines for ${wanted} ${what}`)
    if (Number(rows[0]?.['same']) !== 1)
      throw new Error('the accounts do not hold what the ledger says')
  }
}

export const mariadb: Question<Place> = {
  name: 'mariadb',
  asks: 'What does exactly once cost over MariaDB, two statements, 5 % copies?',
  contestants: [
    { name: 'plain', consume: byHand(loops, 1, plain), verify: leavesEvery('deliveries') },
    { name: 'hand-written-batch', consume: byHand(1, 200, batch), verify: leavesEvery('payments') },
    { name: 'semel', consume: withSemel({ handler }), verify: leavesEvery('payments') },
    { name: 'semel-batch', consume: withSemel({ handlerBatch }), verify: leavesEvery('payments') },
  ],
  prepare,
  close,
}
