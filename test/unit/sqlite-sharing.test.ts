import assert from 'node:assert/strict'
import test from 'node:test'
import type { Act } from 'semel'
import { sqlitePublisher, sqliteQueue, sqliteStore } from 'semel/sqlite'
import { door, scratch, type SqliteTx } from './sqlite-kit.ts'

test('writes that wait together share a commit, and only the one to blame is refused', async (context) => {
  const { file, open, keep } = scratch(context)
  const commits: string[] = []
  const opening = (path: string): SqliteTx => {
    const connection = open(path) as unknown as SqliteTx
    const { prepare } = connection
    connection.prepare = (sql: string) => {
      const statement = prepare.call(connection, sql)
      const { run } = statement
      if (sql === 'commit') statement.run = () => [commits.push(sql), run.call(statement)][1]
      return statement
    }
    return connection
  }
  const store = keep(sqliteStore(file, { open: opening as never }))
  const once = door(store)
  for (const key of ['a', 'b', 'c']) await once.run(key, () => 1)
  const records = await store.inspector.list({ limit: 10 })
  const forget: Act = { kind: 'forget', who: 'Zoë', why: 'test' }
  commits.length = 0
  await Promise.all(records.map((record) => store.inspector.act(record, forget)))
  assert.equal(commits.length, 1)

  await once.run('d', () => 1)
  const [good] = await store.inspector.list({ limit: 1 })
  assert.ok(good)
  const acts = [...records, good].map((record) => store.inspector.act(record, forget))
  const ended = (await Promise.allSettled(acts)).map(({ status }) => status)
  assert.deepEqual(ended, ['rejected', 'rejected', 'rejected', 'fulfilled'])
  assert.deepEqual(await store.inspector.list({ limit: 10 }), [])
})

/** Bodies, and the text that is stored. */
const bodies: readonly (readonly [body: unknown, text: string])[] = [
  [{ a: [1, null, 'ü'] }, '{"a":[1,null,"ü"]}'],
  [{ amount: 12345678901234567890n }, '{"amount":12345678901234567890}'],
  ['text', '"text"'],
  [null, 'null'],
  [Buffer.from('as it is'), 'as it is'],
]

test('a body is stored as JSON in which no integer loses a digit, bytes as they are', async (context) => {
  const { file, keep } = scratch(context)
  const publisher = keep(sqlitePublisher(file, { topic: 'orders' }))
  await publisher.sendBatch(bodies.map(([body]) => ({ body })))
  const stored = await keep(sqliteQueue(file)).peek('orders', 10)
  assert.deepEqual(
    stored.map(({ body }) => Buffer.from(body).toString()),
    bodies.map(([, text]) => text),
  )
})

test('what JSON would drop or bend in a body is refused', async (context) => {
  const { file, keep } = scratch(context)
  const publisher = keep(sqlitePublisher(file, { topic: 'orders' }))
  for (const body of [undefined, () => 1, Symbol('s'), { amount: Number.NaN }, [1 / 0, 2n]])
    await assert.rejects(publisher.send({ body }), { code: 'SEMEL_MESSAGE_INVALID' })
})
