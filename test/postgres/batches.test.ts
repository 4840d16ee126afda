import assert from 'node:assert/strict'
import test from 'node:test'
import type { PoolClient } from 'pg'
import { semel } from 'semel'
import { lineOf, note, placeFor, until } from './kit.ts'

const ids = (
  many: number,
): readonly { readonly body: { readonly id: string; account: number } }[] =>
  Array.from({ length: many }, (_, at) => ({ body: { id: `m-${at}`, account: at % 10 } }))

/** Statements that the server is sent through a pool, by connection and in order. */
function statementsOf(pool: {
  on(event: 'connect', listener: (client: PoolClient) => void): unknown
}): string[] {
  const sent: string[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown
    Object.assign(client, {
      query(...given: unknown[]) {
        const [first] = given
        sent.push(typeof first === 'string' ? first : String((first as { text?: string }).text))
        return query(...given)
      },
    })
  })
  return sent
}

test('a batch costs two round trips of ours: begin and claims, seal and commit', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const store = await place.store()
  const sent = statementsOf(place.pool)
  const line = lineOf(t, store)
  await line.publisher.sendBatch(ids(400))
  await line.consume({
    handlerBatch: async (messages, { tx }) => {
      await note(tx, `batch of ${messages.length}`)
    },
  })
  await until(() => line.count('applied') === 400, 'all are applied')
  const handlers = sent.filter((text) => text.startsWith('insert into ledger')).length
  const begins = sent.filter((text) => text.startsWith('begin')).length
  const commits = sent.filter((text) => text.endsWith('commit')).length
  assert.equal(begins, handlers)
  assert.equal(commits, handlers)
  const rest = sent.filter((text) => !/^(?:begin|insert into ledger)|commit$/.test(text))
  // What is left looks for parked messages and for what may be pruned, or names the group once.
  assert.ok(
    rest.every((text) => !/semel_inbox/.test(text) || /due|parked|prune|delete/.test(text)),
    rest.join('\n'),
  )
})

test('messages of different values are under way together on one pipelined connection (P11)', async (t) => {
  const place = await placeFor(t, { pipeline: true })
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.sendBatch(ids(300))
  let running = 0
  let most = 0
  const within = new Set<string>()
  let overlapped = false
  await line.consume({
    independentBy: ({ body }) => (body as { account: number }).account,
    async handler({ body }, { tx }) {
      const { id, account } = body as { id: string; account: number }
      const { rows } = await tx.query('select txid_current() as id')
      const here = `${rows[0].id}/${account}`
      overlapped ||= within.has(here)
      within.add(here)
      most = Math.max(most, ++running)
      await note(tx, id)
      await tx.query('select 1')
      running--
      within.delete(here)
    },
  })
  await until(() => line.count('applied') === 300, 'all are applied')
  assert.ok(most > 1, 'handlers ran one after another')
  assert.ok(!overlapped, 'two of one value ran together in one transaction')
  assert.equal(new Set(await place.ledger()).size, 300)
})

test('of messages that are under way together one that fails takes no other with it (P10, P11)', async (t) => {
  const place = await placeFor(t, { pipeline: true })
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.sendBatch(ids(100))
  await line.consume({
    attemptsMax: 1,
    independentBy: ({ body }) => (body as { id: string }).id,
    async handler({ body }, { tx }) {
      const { id } = body as { id: string }
      await note(tx, id)
      if (id === 'm-50') await tx.query('select 1 / 0')
      await tx.query('select 1')
    },
  })
  await until(() => line.count('applied') + line.count('dead') === 100, 'all are settled')
  assert.equal(line.count('dead'), 1)
  assert.equal(line.count('failed'), 0)
  const ledger = await place.ledger()
  assert.equal(ledger.length, 99)
  assert.ok(!ledger.includes('m-50'))
})

test('whoever shares a transaction may set no savepoint and no setting in it (P11)', async (t) => {
  const place = await placeFor(t, { pipeline: true })
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.sendBatch(ids(40))
  const codes = new Set<unknown>()
  await line.consume({
    attemptsMax: 1,
    independentBy: ({ body }) => (body as { id: string }).id,
    async handler(_, { tx }) {
      for (const sql of ['savepoint mine', "set local statement_timeout = '1s'"])
        await tx.query(sql).catch((error: { code?: unknown }) => codes.add(error.code))
    },
  })
  await until(() => line.count('applied') + line.count('dead') === 40, 'all are settled')
  assert.ok(codes.has('SEMEL_TX_OURS'))
})

test('one bad message among two hundred is put out, and the others commit (P10)', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.sendBatch(ids(200))
  await line.consume({
    attemptsMax: 1,
    async handler({ body }, { tx }) {
      const { id } = body as { id: string }
      await note(tx, id)
      if (id === 'm-77') await tx.query('insert into nowhere values (1)')
    },
  })
  await until(() => line.count('applied') === 199 && line.count('dead') === 1, 'all are settled')
  assert.equal((await place.ledger()).length, 199)
})

test('two consumers on hot rows in shuffled order get through, and every message counts once', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const { pool } = place
  await pool.query('create table hot (id integer primary key, n integer not null)')
  await pool.query('insert into hot select id, 0 from generate_series(0, 4) id')
  const store = await place.store()
  const lines = [lineOf(t, store), lineOf(t, store)]
  const many = 200
  for (const { publisher, consume } of lines) {
    await publisher.sendBatch(ids(many))
    await consume({
      async handler({ body }, { tx }) {
        const at = Number((body as { id: string }).id.slice(2))
        const rows = [at % 5, (at * 3 + 1) % 5]
        for (const row of at % 2 === 0 ? rows : rows.toReversed())
          await tx.query('update hot set n = n + 1 where id = $1', [row])
      },
    })
  }
  await until(() => lines[0]?.count('applied') === 2 * many, 'all are applied', 60_000)
  assert.equal(lines[0]?.count('failed'), 0)
  const { rows } = await pool.query('select sum(n)::integer as n from hot')
  assert.equal(rows[0].n, 2 * 2 * many)
})

test('settings of one message do not stand for the next one of its batch (P11)', async (t) => {
  const place = await placeFor(t)
  if (place === undefined) return
  const line = lineOf(t, await place.store())
  await line.publisher.sendBatch(ids(100))
  const seen = new Set<string>()
  await line.consume({
    async handler({ body }, { tx }) {
      const { rows } = await tx.query(
        "select current_setting('app.tenant', true) as tenant, current_setting('timezone') as zone, current_user as who",
      )
      seen.add(JSON.stringify({ ...rows[0], tenant: rows[0].tenant ?? '' }))
      const { id } = body as { id: string }
      if (Number(id.slice(2)) % 3 === 0)
        await tx.query("select set_config('app.tenant', $1, true)", [id])
      else await tx.query(`set local app.tenant = '${id}'; set local time zone 'Asia/Tokyo'`)
      await tx.query('set local role pg_read_all_data')
    },
  })
  await until(() => line.count('applied') === 100, 'all are applied')
  assert.equal(line.count('failed'), 0)
  assert.equal(seen.size, 1, [...seen].join())
})

test('several stores on one pool never wait for each other in a circle', async (t) => {
  const place = await placeFor(t, { max: 4 })
  if (place === undefined) return
  const stores = [await place.store(), await place.store(), await place.store()]
  const calls = Array.from({ length: 60 }, (_, at) => {
    const store = stores[at % 3] as (typeof stores)[number]
    const points = semel({ group: `group-${at % 20}`, store })
    return points.run(at, async ({ tx }) => {
      await note(tx, `m-${at}`)
      return at
    })
  })
  assert.deepEqual(await Promise.all(calls), [...calls.keys()])
})
