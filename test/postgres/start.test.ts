import assert from 'node:assert/strict'
import test from 'node:test'
import { Pool } from 'pg'
import { semel } from 'semel'
import { migratePostgres, postgresMigrations, postgresStore } from 'semel/postgres'
import { placeFor } from './kit.ts'

test('a pool of one connection is refused: a transaction may need another one for a moment', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const pool = new Pool({ connectionString: place.url, max: 1 })
  await assert.rejects(postgresStore(pool).prepare(), { code: 'SEMEL_POOL_TOO_SMALL' })
  await pool.end()
})

test('missing, older and newer tables are told apart', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool, schema } = place
  const other = postgresStore(pool, { schema: `${schema}_other` })
  await assert.rejects(other.prepare(), { code: 'SEMEL_SCHEMA_MISSING' })
  await pool.query('update semel_schema set version = 99 where version = 1')
  await assert.rejects(place.store(), { code: 'SEMEL_SCHEMA_AHEAD' })
  await assert.rejects(migratePostgres(pool), { code: 'SEMEL_SCHEMA_AHEAD' })
  await pool.query('delete from semel_schema')
  await assert.rejects(place.store(), { code: 'SEMEL_SCHEMA_MISSING' })
})

test('of several that migrate at once one does it, and the others find it done', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool } = place
  const tables = { prefix: 'other_' }
  const done = await Promise.all([1, 2, 3].map(() => migratePostgres(pool, tables)))
  const names = postgresMigrations.map(({ name }) => name)
  assert.deepEqual(done.flat(), names)
  const store = await place.store(tables)
  assert.equal(await semel({ group: 'g', store }).run('k', () => 7), 7)
  const { rows } = await pool.query('select count(*)::integer as records from other_inbox')
  assert.equal(rows[0].records, 1)
})

test('tables in a schema of their own are found without any search path', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const pool = new Pool({ connectionString: place.url, max: 3 })
  t.after(() => pool.end())
  const store = postgresStore(pool, { schema: place.schema })
  await store.prepare()
  assert.equal(await semel({ group: 'g', store }).run('k', () => 7), 7)
})

test('names that would have to be quoted, unknown options and what is no pool are refused at once', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool } = place
  for (const schema of ['Shop', 'a-b', '', 'x; drop table y', 'é'])
    assert.throws(() => postgresStore(pool, { schema }), { code: 'SEMEL_OPTION_INVALID' })
  const misspelt = { shema: 'shop' } as object
  assert.throws(() => postgresStore(pool, misspelt), { code: 'SEMEL_OPTION_UNKNOWN' })
  assert.throws(() => postgresStore({} as never), { code: 'SEMEL_OPTION_INVALID' })
})

test('a transaction sees what its isolation says, and those of ours alone are read committed', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
    const store = await place.store({ isolation })
    const seen = await semel({ group: isolation, store }).run('k', async ({ tx }) => {
      const { rows } = await tx.query("select current_setting('transaction_isolation') as level")
      return rows[0].level as string
    })
    assert.equal(seen, isolation)
  }
})

test('under serializable isolation concurrent calls of one key take effect once', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const store = await place.store({ isolation: 'serializable' })
  const points = semel({ group: 'points', store })
  const results = await Promise.all(
    Array.from({ length: 8 }, () =>
      points.run('one', async ({ tx }) => {
        await tx.query("insert into ledger (line) values ('one')")
        return 30
      }),
    ),
  )
  assert.deepEqual(new Set(results), new Set([30]))
  assert.deepEqual(await place.ledger(), ['one'])
})

test('a server that can lose commits is said to be so', async (t) => {
  const place = await placeFor(t, { options: '-c synchronous_commit=off' })
  if (place === undefined) return
  const store = await place.store()
  assert.match(store.windows?.join() ?? '', /synchronous_commit is off/)
})
