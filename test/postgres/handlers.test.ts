import assert from 'node:assert/strict'
import test from 'node:test'
import { semel, type Store } from 'semel'
import type { PoolClient } from 'pg'
import { lineOf, note, placeFor, until } from './kit.ts'

/** What a handler may not say, and what it may. */
const refused = [
  'commit',
  ' COMMIT ; ',
  '/* hello /* nested */ */ end',
  '-- a comment\nrollback',
  'begin',
  'start transaction',
  'abort',
  "prepare transaction 'x'",
  'set search_path to other',
  'set session characteristics as transaction read only',
  'reset all',
  'discard all',
  "select 'x'; commit",
  'select $$;$$; commit',
]
const allowed = [
  "select 'commit; rollback'",
  'select 1 as "commit"',
  'select $body$ begin; commit; $body$',
  "set local statement_timeout = '5s'",
  'savepoint mine; rollback to savepoint mine; release mine',
  '-- commit',
  "select E'it\\'s; commit'",
]

test('what would end the transaction, or outlive it, is refused in front of the connection (P9)', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const points = semel({ group: 'points', store: await place.store() })
  for (const sql of refused)
    await assert.rejects(
      points.run(sql, async ({ tx }) => {
        await note(tx, 'before')
        await tx.query(sql)
        return 1
      }),
      { code: 'SEMEL_TX_OURS' },
      sql,
    )
  assert.deepEqual(await place.ledger(), [])
  for (const sql of allowed)
    await points.run(sql, async ({ tx }) => {
      await tx.query(sql)
      return 1
    })
})

test('the methods that end or keep the connection are refused, in every form of a query', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const points = semel({ group: 'points', store: await place.store() })
  const ways: readonly ((tx: PoolClient) => unknown)[] = [
    (tx) => tx.release(),
    (tx) => (tx as unknown as { end(): unknown }).end(),
    (tx) => tx.query({ text: 'commit' }),
    (tx) => tx.query('commit', []),
    (tx) => Object.assign(tx, { query: undefined }),
  ]
  for (const [at, way] of ways.entries())
    await assert.rejects(
      points.run(at, async ({ tx }) => {
        await way(tx)
        return 1
      }),
      { code: 'SEMEL_TX_OURS' },
    )
})

test('an error that the handler swallows is not acknowledged: its transaction has failed', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.send({ body: { id: 'swallows' } })
  await line.publisher.send({ body: { id: 'good' } })
  await line.consume({
    attemptsMax: 2,
    retryDelayMs: 1,
    retryDelayMsMax: 1,
    parkedPollMs: 10,
    async handler({ body }, { tx }) {
      const { id } = body as { id: string }
      await note(tx, id)
      if (id === 'swallows') await tx.query('select 1 / 0').catch(() => undefined)
    },
  })
  await until(
    () => line.count('dead') === 1 && line.count('applied') === 1,
    'one dead, one applied',
  )
  assert.deepEqual(await place.ledger(), ['good'])
})

test('two handlers that deadlock have not failed: both are applied, and no attempt is counted', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool } = place
  await pool.query('create table hot (id integer primary key, n integer not null)')
  await pool.query('insert into hot select id, 0 from generate_series(0, 1) id')
  const store = await place.store()
  const line = lineOf(t, store)
  const ids = Array.from({ length: 60 }, (_, at) => at)
  await line.publisher.sendBatch(ids.map((at) => ({ body: { id: `m-${at}`, first: at % 2 } })))
  const attempts = new Set<number>()
  await line.consume({
    batchMax: 1,
    concurrency: 8,
    async handler({ body }, { tx, attempt }) {
      const { first } = body as { first: number }
      attempts.add(attempt)
      await tx.query('update hot set n = n + 1 where id = $1', [first])
      await tx.query('update hot set n = n + 1 where id = $1', [1 - first])
    },
  })
  await until(() => line.count('applied') === ids.length, 'all are applied', 30_000)
  assert.equal(line.count('failed'), 0)
  assert.deepEqual([...attempts], [1])
  const { rows } = await pool.query('select n from hot')
  assert.deepEqual(
    rows.map(({ n }: { n: number }) => n),
    [60, 60],
  )
})

test('what a handler asks of the pool itself is reported, or refused (SEMEL_TX_OUTSIDE)', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool } = place
  for (const outside of ['report', 'refuse', 'allow'] as const) {
    const store: Store<PoolClient> = await place.store({ outside })
    const line = lineOf(t, store)
    const points = semel({ group: outside, store })
    const work = points.run('A-17', async ({ tx }) => {
      await note(tx, outside)
      await pool.query('select 1')
      return 1
    })
    if (outside === 'refuse') await assert.rejects(work, { code: 'SEMEL_TX_OUTSIDE' })
    else assert.equal(await work, 1)
    assert.equal(line.count('outside-transaction'), outside === 'report' ? 1 : 0)
    await store.close()
  }
  await pool.query('select 1')
  assert.deepEqual(await place.ledger(), ['report', 'allow'])
})

test('a handler that is left behind cannot write through its transaction, nor into another one', async (t) => {
  const place = await placeFor(t, { max: 2 })
  if (place === undefined) return
  const points = semel({ group: 'points', store: await place.store(), performMsMax: 50 })
  const late = Promise.withResolvers<unknown>()
  const left = points.run('slow', async ({ tx }) => {
    await tx.query('select pg_sleep(0.2)').catch(() => undefined)
    late.resolve(note(tx, 'late').catch((error: unknown) => error))
    return 1
  })
  await assert.rejects(left, { code: 'SEMEL_HANDLER_TIMEOUT' })
  assert.equal(((await late.promise) as { code?: string }).code, 'SEMEL_TX_OVER')
  await points.run('next', async ({ tx }) => note(tx, 'next').then(() => 1))
  assert.deepEqual(await place.ledger(), ['next'])
})

test('settings of a handler end with its message, also inside a batch', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const seen = new Map<string, string>()
  const points = semel({ group: 'points', store: await place.store() })
  for (const [at, id] of ['first', 'second'].entries())
    await points.run(id, async ({ tx }) => {
      const { rows } = await tx.query("select current_setting('my.tenant', true) as tenant")
      seen.set(id, rows[0].tenant ?? '')
      await tx.query(`set local my.tenant = 'tenant-${at}'`)
      return 1
    })
  assert.deepEqual([...seen.values()], ['', ''])
})
