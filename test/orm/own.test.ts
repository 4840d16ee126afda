import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex, { type Knex } from 'knex'
import { CamelCasePlugin, Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { semel } from 'semel'
import { drizzle as drizzleConnector } from 'semel/orm/drizzle'
import { knex as knexConnector } from 'semel/orm/knex'
import { kysely } from 'semel/orm/kysely'
import { prisma } from 'semel/orm/prisma'
import { typeorm } from 'semel/orm/typeorm'
import { type PostgresClient, postgresStore } from 'semel/postgres'
import type { EntityManager } from 'typeorm'
import { coded } from './coded.ts'
import { house, type House } from './kit.ts'
import { libraries, libraryOf } from './libraries.ts'

interface Raw {
  query(text: string): Promise<unknown>
}

/** How a handler gets at the connection behind the library: nobody stands in front of that. */
const behind: Readonly<Record<string, (tx: never) => Promise<Raw>>> = {
  knex: (tx: Knex.Transaction) => tx.client.acquireConnection() as Promise<Raw>,
  drizzle: async (tx: { readonly session: { readonly client: Raw } }) => tx.session.client,
  typeorm: (tx: EntityManager) => tx.queryRunner?.connect() as Promise<Raw>,
}

/** A part of its own inside the handler's transaction, the way of the library. */
const parts: Readonly<
  Record<string, (tx: never, work: (inner: unknown) => Promise<void>) => Promise<unknown>>
> = {
  knex: (tx: Knex.Transaction, work) => tx.transaction(work),
  drizzle: (tx: { transaction(work: unknown): Promise<unknown> }, work) => tx.transaction(work),
  typeorm: (tx: EntityManager, work) => tx.transaction(work),
}

function promise(
  text: string,
  names: readonly string[],
  work: (home: House, name: string) => Promise<void>,
): void {
  for (const library of libraries.filter(
    ({ name, on }) => on === 'postgres' && names.includes(name),
  ))
    test(`${library.name}: ${text}`, { timeout: 60_000 }, async (t) => {
      const home = await house(t, library)
      if (home !== undefined) await work(home, library.name)
    })
}

promise(
  'a ROLLBACK behind its back is found by the seal',
  Object.keys(behind),
  async (home, name) => {
    const work = home.points.run('A-17', async ({ tx }) => {
      await home.say(tx, home.effect('A-17'))
      await (await behind[name]?.(tx as never))?.query('rollback')
    })
    await assert.rejects(work, coded('SEMEL_TX_ROLLED_BACK'))
    assert.deepEqual([await home.effects(), await home.states()], [[], []])
  },
)

promise(
  'a COMMIT behind its back is found, and its effect not repeated',
  Object.keys(behind),
  async (home, name) => {
    let calls = 0
    const run = (): Promise<unknown> =>
      home.points.run('A-17', async ({ tx }) => {
        calls++
        await home.say(tx, home.effect('A-17'))
        await (await behind[name]?.(tx as never))?.query('commit')
      })
    await assert.rejects(run(), coded('SEMEL_TX_ROLLED_BACK'))
    await run()
    assert.deepEqual([calls, await home.effects(), await home.states()], [1, ['A-17'], [2]])
  },
)

promise(
  'parts of a transaction are the handler’s to take back',
  Object.keys(parts),
  async (home, name) => {
    const part = (tx: unknown, key: string, fails: boolean): Promise<unknown> | undefined =>
      parts[name]?.(tx as never, async (inner) => {
        await home.say(inner, home.effect(key))
        await assert.rejects(Promise.resolve(home.say(inner, 'commit')), coded('SEMEL_TX_OURS'))
        if (fails) throw new Error('taken back')
      })
    await home.points.run('A-17', async ({ tx }) => {
      await assert.rejects(part(tx, 'taken back', true) ?? Promise.resolve())
      await part(tx, 'A-17', false)
      await assert.rejects(
        part(tx, 'commit', false)?.then(() => home.say(tx, 'commit')) ?? Promise.resolve(),
      )
    })
    assert.deepEqual(await home.effects(), ['A-17', 'commit'])
  },
)

async function works(
  t: TestContext,
  open: (pool: Pool, url: string) => readonly [PostgresClient<unknown>, () => unknown],
): Promise<void> {
  const home = await house(t, libraryOf('kysely'))
  if (home === undefined) return
  const pool = new Pool({ connectionString: home.url, max: 3 })
  const [client, end] = open(pool, home.url)
  const store = postgresStore(client, { schema: home.schema })
  const points = semel({ group: 'points', store })
  assert.equal(await points.run('A-17', () => 30), 30)
  assert.equal(await points.run('A-17', () => 31), 30)
  assert.equal((await store.inspector.list({ limit: 1 }))[0]?.state, 'completed')
  await store.close()
  await end()
}

test('kysely: a plugin that renames columns changes nothing of ours', (t) =>
  works(t, (pool) => {
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin()],
    })
    return [kysely(db), () => db.destroy()]
  }))

test('knex: a mapper of rows changes nothing of ours', (t) =>
  works(t, (pool, url) => {
    const db = knex({ client: 'pg', connection: url, postProcessResponse: () => [] })
    return [knexConnector(db), async () => Promise.all([db.destroy(), pool.end()])]
  }))

test('drizzle: a query that was built before is refused when its message has ended', async (t) => {
  const home = await house(t, libraryOf('drizzle'))
  if (home === undefined) return
  let late: PromiseLike<unknown> | undefined
  await home.points.run('A-17', ({ tx }) => {
    late = home.say(tx, home.effect('late'))
    return 30
  })
  await assert.rejects(Promise.resolve(late), coded('SEMEL_TX_OVER'))
})

test('kysely: a statement compiled by hand is looked at, too', async (t) => {
  const home = await house(t, libraryOf('kysely'))
  if (home === undefined) return
  const { CompiledQuery } = await import('kysely')
  const work = home.points.run('A-17', ({ tx }) =>
    (tx as Transaction<unknown>).executeQuery(CompiledQuery.raw('commit')).then(() => 30),
  )
  await assert.rejects(work, coded('SEMEL_TX_OURS'))
})

test('what does not fit is refused with what is missing', () => {
  const connectors: Readonly<Record<string, (given: never) => unknown>> = {
    kysely,
    knex: knexConnector,
    drizzle: drizzleConnector,
    typeorm,
    prisma,
  }
  for (const [name, connector] of Object.entries(connectors))
    for (const wrong of [undefined, {}, { transaction() {} }])
      assert.throws(() => connector(wrong as never), new RegExp(`${name}.*this one has no`))
  const db = drizzle(new Pool())
  assert.throws(() => drizzleConnector(db, { connectionsMax: 1 }), /connectionsMax is 1/)
  assert.equal(drizzleConnector(db, { connectionsMax: 7 }).connectionsMax, 7)
})
