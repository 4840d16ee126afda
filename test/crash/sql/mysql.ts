import {
  createPool,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise'
import { migrateMysql, mysqlStore } from 'semel/mysql'
import { type At, counters, type Database, type Effect, type Opened } from './kinds.ts'

export const mariadb: Database = like('mariadb', 1)
export const mysql: Database = like('mysql', 0.2)

/** Consumers come by a user of their own: `root` may write where writing is forbidden. At most 16 characters. */
function userOf({ place }: At): string {
  return `proof_${place.slice(-8)}`
}

function like(name: 'mariadb' | 'mysql', share: number): Database {
  return {
    name,
    server: name,
    share,
    poolGivesUp: false,
    userUrl: (at) => Object.assign(new URL(at.url), { username: userOf(at), password: '' }).href,
    make,
    remove,
    open,
    endSessions,
    cuts: {
      // The batch's insert, and the claim of the second attempt.
      claim: { match: /insert into [^]*semel_inbox/, nths: [1, 3] },
      // The failure of the first attempt, and the end of the second one.
      settle: { match: /insert into [^]*semel_inbox/, nths: [2, 4] },
      commit: { match: /^commit\b/im, nths: [1, 2, 3] },
    },
    schema: {
      behind: (at) =>
        changed(
          at,
          'alter table semel_inbox change until_ms later bigint',
          'alter table semel_inbox change later until_ms bigint',
        ),
      ahead: (at) =>
        changed(
          at,
          "insert into semel_schema (version, name, migrated_ms) values (9999, 'later', 0)",
          'delete from semel_schema where version = 9999',
        ),
      missing: (at) =>
        changed(
          at,
          'rename table semel_inbox to gone_inbox, semel_schema to gone_schema',
          'rename table gone_inbox to semel_inbox, gone_schema to semel_schema',
        ),
    },
  }
}

/** As which a client on this machine is known. */
const hosts = ['localhost', '127.0.0.1']

async function make(at: At): Promise<void> {
  await execute({ ...at, place: '' }, `create database ${at.place}`)
  for (const host of hosts)
    await execute(at, `grant all on ${at.place}.* to ${userOf(at)}@'${host}' identified by ''`)
  await during(at, (pool) => migrateMysql(pool))
  const numbers = Array.from({ length: counters }, (_, id) => `(${id}, 0)`)
  for (const statement of [
    'create table ledger (seq bigint auto_increment primary key, message varchar(100) not null) engine = InnoDB',
    'create table counter (id int primary key, times int not null) engine = InnoDB',
    `insert into counter values ${numbers.join()}`,
  ])
    await execute(at, statement)
}

async function remove(at: At): Promise<void> {
  for (const host of hosts) await execute(at, `drop user ${userOf(at)}@'${host}'`)
  await execute(at, `drop database ${at.place}`)
}

function open(at: At): Opened {
  const pool = poolOf(at)
  const write = async (connection: PoolConnection, { id, rows = [] }: Effect): Promise<void> => {
    await connection.query('insert into ledger (message) values (?)', [id])
    for (const row of rows)
      await connection.query('update counter set times = times + 1 where id = ?', [row])
  }
  return {
    store: mysqlStore(pool),
    apply: (tx, effect) => write(tx as PoolConnection, effect),
    async applyByHand(effect) {
      const connection = await pool.getConnection()
      try {
        await connection.beginTransaction()
        await write(connection, effect)
        await connection.commit()
        connection.release()
      } catch (error) {
        connection.destroy()
        throw error
      }
    },
    async ledger() {
      const [rows] = await pool.query<RowDataPacket[]>('select message from ledger order by seq')
      return rows.map((row) => String(row['message']))
    },
    async counted() {
      const [rows] = await pool.query<RowDataPacket[]>('select times from counter order by id')
      return rows.map((row) => Number(row['times']))
    },
    async exhaust() {
      const { connections = 10 } = at
      const held = await Promise.all(
        Array.from({ length: connections }, () => pool.getConnection()),
      )
      return { release: () => held.forEach((connection) => connection.release()) }
    },
    // It tells of connections that were lost before.
    close: () => pool.end().catch(() => undefined),
  }
}

function poolOf({ url, place, connections = 10 }: At): Pool {
  const uri = Object.assign(new URL(url), { pathname: `/${place}` }).href
  const pool = createPool({ uri, connectionLimit: connections })
  // MySQL 5.6 is not strict by itself.
  pool.pool.on('connection', (connection) => {
    connection.query("set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")
  })
  return pool
}

async function endSessions(at: At): Promise<number> {
  return during({ ...at, place: '' }, async (pool) => {
    const [rows] = await pool.query<RowDataPacket[]>(
      'select id from information_schema.processlist where db = ? and user = ?',
      [at.place, userOf(at)],
    )
    const ended = rows.map((row) => pool.query(`kill ${Number(row['id'])}`).catch(() => undefined))
    return (await Promise.all(ended)).filter((answer) => answer !== undefined).length
  })
}

async function during<R>(at: At, work: (pool: Pool) => Promise<R>): Promise<R> {
  const pool = poolOf({ ...at, connections: 1 })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

async function execute(at: At, statement: string): Promise<void> {
  await during(at, (pool) => pool.query<ResultSetHeader>(statement))
}

/** Does it, and answers what undoes it. */
async function changed(at: At, statement: string, undo: string): Promise<() => Promise<void>> {
  await execute(at, statement)
  return () => execute(at, undo)
}
