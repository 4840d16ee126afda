// pgbouncer hands out a connection for the length of a transaction: what a session keeps would go to somebody else.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Pool, type PoolClient } from 'pg'
import { semel } from 'semel'
import { postgresStore } from 'semel/postgres'
import { ownServerFor, serverFor } from '../../servers/server.ts'
import { keepRunning } from '../crew.ts'
import { databases } from './database.ts'
import { counters, type Database } from './kinds.ts'
import { type Body, group } from './given.ts'
import { type Place, placeIn } from './place.ts'

const servers = '2'
const settings = ['lock_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout']

test('pgbouncer with 2 connections to the server: consumers and run() have one effect per message', async (t) => {
  const scene = await sceneOf(t)
  if (scene === undefined) return
  const { here, pool } = scene
  const bodies = bodiesOf('m', 600)
  await here.send([...bodies, ...bodies])
  const crew = keepRunning(here, 2, { leaseMs: 10_000, heldWaitMs: 1_000 })
  const called = bodiesOf('run', 200)
  const store = postgresStore(pool, { schema: here.at.place })
  const once = semel({ group, name: 'by run', store, heldWaitMs: 30_000 })
  const call = ({ id, ...body }: Body): Promise<unknown> =>
    once.run(id, ({ tx }) => here.opened.apply(tx, { id, ...body }).then(() => id))
  await Promise.all([...called, ...called].map(call))
  await here.settled(60_000)
  await crew.stop()
  const effects = await here.balance([...bodies, ...called])
  console.log(`  pgbouncer: ${effects} effects, ${JSON.stringify(here.counted)}`)
})

test('pgbouncer: no setting of ours or of a handler outlives its transaction', async (t) => {
  const scene = await sceneOf(t)
  if (scene === undefined) return
  const { here, pool } = scene
  const before = await settingsOf(pool)
  const store = postgresStore(pool, { schema: here.at.place })
  const once = semel({ group, name: 'by run', store })
  const seen = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      once.run(`set ${at}`, async ({ tx }) => {
        const met = await tenantOf(tx)
        await tx.query(`set local app.tenant = 'tenant ${at}'`)
        await tx.query("set local lock_timeout = '7s'")
        return met
      }),
    ),
  )
  assert.deepEqual([...new Set(seen)], [''])
  for (let look = 0; look < 20; look++) assert.deepEqual(await settingsOf(pool), before)
})

interface Scene {
  readonly here: Place
  /** Larger than what stands behind pgbouncer. */
  readonly pool: Pool
}

async function sceneOf(t: TestContext): Promise<Scene | undefined> {
  const bouncer = await ownServerFor(t, 'pgbouncer', { default_pool_size: servers })
  if (bouncer === undefined) return undefined
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return undefined
  const postgres = databases.find(({ name }) => name === 'postgres') as Database
  const here = await placeIn(t, postgres, found.url, { workersUrl: bouncer.url })
  const pool = new Pool({ connectionString: bouncer.url, max: 8 })
  // The server ends first.
  pool.on('error', () => undefined)
  t.after(() => pool.end())
  return { here, pool }
}

function bodiesOf(name: string, messages: number): readonly Body[] {
  return Array.from({ length: messages }, (_, at) => ({
    id: `${name}${at}`,
    rows: [at % counters],
  }))
}

async function tenantOf(tx: PoolClient): Promise<string> {
  const { rows } = await tx.query(
    "select coalesce(current_setting('app.tenant', true), '') as name",
  )
  return String(rows[0]?.name)
}

async function settingsOf(pool: Pool): Promise<unknown> {
  const values = settings.map((name) => `current_setting('${name}') as ${name}`)
  const tenant = "coalesce(current_setting('app.tenant', true), '') as tenant"
  const { rows } = await pool.query(`select ${[...values, tenant].join(', ')}`)
  return rows[0]
}
