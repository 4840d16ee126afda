import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createConnection, type PoolConnection } from 'mysql2/promise'
import { Pool, type PoolClient } from 'pg'
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  type EventName,
  type Events,
  eventNames,
  on,
  type Store,
} from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { migrateMysql, mysqlStore } from 'semel/mysql'
import { migratePostgres, postgresStore } from 'semel/postgres'
import { sqliteStore } from 'semel/sqlite'
import { strictPool } from '../conformance/adapters/mysql.ts'
import { serverFor } from '../servers/server.ts'
import { until } from './kit.ts'

export { until } from './kit.ts'

export type Row = Readonly<Record<string, unknown>>
/** Stands for the transaction object of whichever database. */
export interface Tx {
  readonly anyTransaction?: never
}

/** A database of one test, with a store of semel beside the tables of a shop. */
export interface Shop {
  readonly name: string
  readonly store: Store<Tx>
  /** Another one on the same database, with connections of its own where the client allows that. */
  readonly second: Store<Tx>
  /** In a transaction that somebody has begun; `?` stands for a value. */
  exec(tx: Tx, sql: string, ...values: (string | number | null)[]): Promise<void>
  sql(text: string): Promise<readonly Row[]>
  /** A transaction of the caller's own. */
  transaction<R>(work: (tx: Tx) => Promise<R>): Promise<R>
}

interface Database {
  readonly name: string
  /** Undefined: skipped for want of it. */
  open(t: TestContext): Promise<Shop | undefined>
}

/** Every database on which strategies work. */
export const databases: readonly Database[] = [
  { name: 'sqlite', open: openSqlite },
  { name: 'postgres', open: openPostgres },
  { name: 'mariadb', open: (t) => openMysql(t, 'mariadb') },
  { name: 'mysql', open: (t) => openMysql(t, 'mysql') },
]

async function openSqlite(t: TestContext): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-strategies-'))
  const file = join(folder, 'shop.db')
  const stores = [sqliteStore(file), sqliteStore(file)] as const
  await stores[0].prepare()
  const other = new DatabaseSync(file)
  t.after(async () => {
    other.close()
    for (const store of stores) await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    name: 'sqlite',
    store: stores[0] as unknown as Store<Tx>,
    second: stores[1] as unknown as Store<Tx>,
    async exec(tx, sql, ...values) {
      ;(tx as DatabaseSync).prepare(sql).run(...values)
    },
    sql: async (text) =>
      other
        .prepare(text)
        .all()
        .map((row) => ({ ...row })),
    async transaction(work) {
      other.exec('begin immediate')
      try {
        const answer = await work(other as Tx)
        other.exec('commit')
        return answer
      } catch (error) {
        other.exec('rollback')
        throw error
      }
    },
  }
}

async function openPostgres(t: TestContext): Promise<Shop | undefined> {
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return undefined
  const schema = `semel_strategies_${randomBytes(6).toString('hex')}`
  const poolOf = (): Pool =>
    new Pool({ connectionString: found.url, options: `-c search_path=${schema}` })
  const pools = [poolOf(), poolOf()] as const
  const [pool] = pools
  await pool.query(`create schema ${schema}`)
  await migratePostgres(pool)
  const stores = pools.map((one) => postgresStore(one))
  t.after(async () => {
    for (const store of stores) await store.close()
    await pool.query(`drop schema ${schema} cascade`)
    for (const one of pools) await one.end()
  })
  return {
    name: 'postgres',
    store: stores[0] as unknown as Store<Tx>,
    second: stores[1] as unknown as Store<Tx>,
    async exec(tx, sql, ...values) {
      let place = 0
      const text = sql.replaceAll('?', () => `$${++place}`)
      await (tx as PoolClient).query({ text, values })
    },
    sql: async (text) => (await pool.query(text)).rows,
    async transaction(work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const answer = await work(client as Tx)
        await client.query('commit')
        return answer
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
  }
}

async function openMysql(t: TestContext, name: 'mariadb' | 'mysql'): Promise<Shop | undefined> {
  const found = await serverFor(t, name)
  if (found === undefined) return undefined
  const database = `semel_strategies_${randomBytes(6).toString('hex')}`
  const first = await createConnection(found.url)
  await first.query(`create database ${database}`)
  const url = new URL(`/${database}`, found.url).href
  const pools = [strictPool(url), strictPool(url)] as const
  const [pool] = pools
  await migrateMysql(pool)
  const stores = pools.map((one) => mysqlStore(one))
  t.after(async () => {
    for (const store of stores) await store.close()
    for (const one of pools) await one.end()
    await first.query(`drop database ${database}`)
    await first.end()
  })
  return {
    name,
    store: stores[0] as unknown as Store<Tx>,
    second: stores[1] as unknown as Store<Tx>,
    async exec(tx, sql, ...values) {
      await (tx as unknown as PoolConnection).query(sql, values)
    },
    sql: async (text) => (await pool.query(text))[0] as unknown as readonly Row[],
    async transaction(work) {
      const connection = await pool.getConnection()
      try {
        await connection.beginTransaction()
        const answer = await work(connection as unknown as Tx)
        await connection.commit()
        return answer
      } catch (error) {
        await connection.rollback()
        throw error
      } finally {
        connection.release()
      }
    },
  }
}

export type Options<Body> = ConsumerOptions<Tx, Body, 'A'>
type HandlerOptions<Body> = Partial<Options<Body>> & Pick<Options<Body>, 'strategy'>

/** A queue in memory before the shop, and what happened. */
export interface Line<Body> {
  send(...bodies: Body[]): Promise<void>
  consume(options: HandlerOptions<Body>, store?: Store<Tx>): Promise<Consumer>
  /** Names of events with their keys, in order: `applied a`. */
  readonly events: string[]
  /** Waits until so many messages have come to one of these ends. */
  happened(times: number, ...names: EventName[]): Promise<void>
  count(...names: EventName[]): number
  last<Name extends EventName>(name: Name): Events[Name] | undefined
}

let lines = 0

export function lineOf<Body>(t: TestContext, { store }: Shop): Line<Body> {
  const queue = memoryQueue()
  const group = `strategies-${++lines}`
  const publisher = memoryPublisher(queue, { topic: 'news' })
  const events: string[] = []
  const names: EventName[] = []
  const last = new Map<EventName, unknown>()
  const consumers: Consumer[] = []
  const stops = eventNames.map((name) =>
    on(name, (event) => {
      if (!('group' in event) || event.group !== group) return
      events.push('key' in event ? `${name} ${event.key}` : name)
      names.push(name)
      last.set(name, event)
    }),
  )
  t.after(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    for (const stop of stops) stop()
    await publisher.close()
  })
  const count: Line<Body>['count'] = (...wanted) =>
    names.filter((name) => wanted.includes(name)).length
  return {
    events,
    count,
    last: (name) => last.get(name) as never,
    async send(...bodies) {
      await publisher.sendBatch(bodies.map((body) => ({ body })))
    },
    async consume(options, own = store) {
      const consumer = createConsumer({
        group,
        source: memorySource(queue, { topic: 'news' }),
        store: own,
        handler: options.handlerBatch === undefined ? () => undefined : undefined,
        key: (message: { readonly body: unknown }) => keyOf(message.body),
        parkedPollMs: 10,
        retryDelayMs: 10,
        leaseMs: 2_000,
        drainMs: 1_000,
        ...options,
      } as never) as Consumer
      consumers.push(consumer)
      await consumer.start()
      return consumer
    },
    happened: (times, ...wanted) =>
      until(
        () => count(...wanted) >= times,
        `${times} × ${wanted.join(' or ')}: ${events.join(', ')}`,
        10_000,
      ),
  }
}

function keyOf(body: unknown): string {
  return JSON.stringify(body)
}

/** One test of this name for each database. */
export function onEach(
  test: (name: string, work: (t: TestContext) => Promise<void>) => unknown,
  promise: string,
  work: (t: TestContext, shop: Shop) => Promise<void>,
): void {
  for (const { name, open } of databases)
    test(`${promise} (${name})`, async (t) => {
      const shop = await open(t)
      if (shop !== undefined) await work(t, shop)
    })
}

/** Makes tables; each statement by itself. */
export async function tables(shop: Shop, ...statements: string[]): Promise<void> {
  for (const statement of statements) await shop.sql(statement)
}

export function coded(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as { readonly code?: unknown }).code, code, String(error))
    return true
  }
}

/** Numbers of a driver may be texts: as numbers, where they are. */
export function plain(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value,
      ]),
    ),
  )
}
