import { Pool, type PoolClient } from 'pg'
import { migratePostgres, postgresStore } from 'semel/postgres'
import { type At, counters, type Database, type Effect, type Opened } from './kinds.ts'

export const postgres: Database = {
  name: 'postgres',
  server: 'postgres',
  share: 1,
  poolGivesUp: true,
  userUrl: ({ url }) => url,
  async make(at) {
    const { place } = at
    await during(at, async (pool) => {
      await pool.query(`create schema ${place}`)
      await migratePostgres(pool, { schema: place })
      await pool.query(`create table ${place}.ledger (seq bigserial, message text not null)`)
      await pool.query(`create table ${place}.counter (id int primary key, times int not null)`)
      await pool.query(
        `insert into ${place}.counter select n, 0 from generate_series(0, ${counters - 1}) n`,
      )
    })
  },
  remove: (at) =>
    during(
      at,
      async (pool) =>
        void (await pool.query(`drop schema if exists ${at.place}, ${at.place}_gone cascade`)),
    ),
  open,
  endSessions: (at) =>
    during({ ...at, place: 'semel_proof' }, async (pool) => {
      const { rows } = await pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
        [at.place],
      )
      return rows.length
    }),
  async moveTo(at, folder) {
    await execute(at, `create tablespace ${at.place} location '${folder}'`)
    const { rows } = await during(at, (pool) =>
      pool.query(`select tablename as name from pg_tables where schemaname = '${at.place}'`),
    )
    for (const { name } of rows as readonly { name: string }[])
      await execute(at, `alter table ${at.place}.${name} set tablespace ${at.place}`)
  },
  cuts: {
    // The batch's insert, and the claim of the second attempt.
    claim: { match: /insert into [^]*semel_inbox/, nths: [1, 3] },
    // The failure of the first attempt, and the end of the second one.
    settle: { match: /insert into [^]*semel_inbox/, nths: [2, 4] },
    commit: { match: /\bcommit\s*$/, nths: [1, 2, 3] },
  },
  schema: {
    behind: (at) =>
      changed(
        at,
        `alter table ${at.place}.semel_inbox rename column until_ms to later`,
        `alter table ${at.place}.semel_inbox rename column later to until_ms`,
      ),
    ahead: (at) =>
      changed(
        at,
        `insert into ${at.place}.semel_schema select version + 1, name, migrated_ms from ${at.place}.semel_schema`,
        `delete from ${at.place}.semel_schema where version = (select max(version) from ${at.place}.semel_schema)`,
      ),
    missing: (at) =>
      changed(
        at,
        `alter schema ${at.place} rename to ${at.place}_gone`,
        `alter schema ${at.place}_gone rename to ${at.place}`,
      ),
  },
}

/** Does it, and answers what undoes it. */
async function changed(at: At, statement: string, undo: string): Promise<() => Promise<void>> {
  await execute(at, statement)
  return () => execute(at, undo)
}

function open(at: At): Opened {
  const { place } = at
  const pool = poolOf(at)
  const write = async (client: PoolClient, { id, rows = [] }: Effect): Promise<void> => {
    await client.query(`insert into ${place}.ledger (message) values ($1)`, [id])
    for (const row of rows)
      await client.query(`update ${place}.counter set times = times + 1 where id = $1`, [row])
  }
  return {
    store: postgresStore(pool, { schema: place }),
    apply: (tx, effect) => write(tx as PoolClient, effect),
    async applyByHand(effect) {
      const client = await pool.connect()
      client.on('error', () => undefined)
      let broken = true
      try {
        await client.query('begin')
        await write(client, effect)
        await client.query('commit')
        broken = false
      } finally {
        client.release(broken)
      }
    },
    async ledger() {
      const { rows } = await pool.query(`select message from ${place}.ledger order by seq`)
      return rows.map((row: { message: string }) => row.message)
    },
    async counted() {
      const { rows } = await pool.query(`select times from ${place}.counter order by id`)
      return rows.map((row: { times: number }) => row.times)
    },
    async exhaust() {
      const held = Array.from({ length: pool.options.max }, () => pool.connect())
      const clients = await Promise.all(held)
      return { release: () => clients.forEach((client) => client.release()) }
    },
    close: () => pool.end(),
  }
}

function poolOf({ url, place, connections = 10, connectMsMax = 0 }: At): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    application_name: place,
    connectionTimeoutMillis: connectMsMax,
  })
  // Of connections that nobody uses; without a listener it would end the process.
  pool.on('error', () => undefined)
  return pool
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
  await during(at, (pool) => pool.query(statement))
}
