import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { type Place, place, refused } from './kit.ts'

const db = ['--db', 'shop.db'] as const

interface Listed {
  readonly topics: readonly { readonly topic: string; readonly messages: number }[]
}
interface Peeked {
  readonly messages: readonly Readonly<Record<string, unknown>>[]
}

async function peek({ semel }: Place, topic: string): Promise<Peeked['messages']> {
  const ended = await semel('queue', 'peek', topic, ...db, '--json')
  return (ended.json as Peeked).messages
}

test('lines of a file are sent, and can be looked at', async (t) => {
  const here = place(t)
  const { semel, write } = here
  const file = write(
    'orders.ndjson',
    '{"body":{"orderId":"A"},"tag":"PAID","headers":{"trace":"x"}}\n{"orderId":"B","n":9007199254740993}\n',
  )
  const sent = await semel('send', 'orders', file, ...db, '--key', 'body.orderId', '--json')
  assert.equal(sent.code, 0, sent.stderr)
  assert.deepEqual(sent.json, { topic: 'orders', messages: 2, batches: 1 })
  const [first, second] = await peek(here, 'orders')
  assert.deepEqual(
    [first?.['key'], first?.['tag'], first?.['headers'], first?.['body']],
    ['A', 'PAID', { trace: 'x' }, { bytes: 15, text: '{"orderId":"A"}' }],
  )
  assert.deepEqual(second?.['body'], { bytes: 36, text: '{"orderId":"B","n":9007199254740993}' })
  const listed = await semel('queue', 'list', ...db, '--json')
  assert.deepEqual(
    (listed.json as Listed).topics.map(({ topic, messages }) => [topic, messages]),
    [['orders', 2]],
  )
})

test('standard input is sent; tag and delay are given on the command line', async (t) => {
  const here = place(t)
  const words = ['send', 'orders', '-', ...db, '--tag', 'PAID', '--delay', '1h']
  const sent = await here.semelWith({ input: '{"orderId":"A"}' }, ...words)
  assert.equal(sent.stdout, '1 message sent to orders\n')
  const [message] = await peek(here, 'orders')
  assert.equal(message?.['tag'], 'PAID')
  const delayMs = Number(message?.['dueAtMs']) - Number(message?.['sentAtMs'])
  assert.equal(delayMs, 3_600_000)
})

test('a line that is wrong is named, and of its batch nothing is sent', async (t) => {
  const here = place(t)
  const file = here.write('orders.ndjson', '{"n":1}\n{"n":2}\n{"n":3}\n{"n":\n')
  const error = refused(await here.semel('send', 'orders', file, ...db, '--batch', '2'), 1)
  assert.match(
    error,
    /^semel: SEMEL_BODY_INVALID orders.ndjson:4: .*; 2 messages were sent, up to line 2; go on with line 3$/,
  )
  assert.equal((await peek(here, 'orders')).length, 2)
})

test('a delay that does not exist, and a file that does not, are refused', async (t) => {
  const { semel, write, path } = place(t)
  const file = write('orders.ndjson', '{"n":1}\n')
  assert.match(
    refused(await semel('send', 'orders', file, ...db, '--delay', '7x'), 1),
    /delay is "7x"/,
  )
  assert.match(
    refused(await semel('send', 'orders', 'none', ...db), 2),
    /none cannot be read \(ENOENT\)/,
  )
  assert.match(
    refused(await semel('send', 'orders', file), 2),
    /give one of --db FILE and --config FILE/,
  )
  assert.match(
    refused(await semel('send', 'orders', file, ...db, '--key', 'orderId'), 2),
    /--key is orderId/,
  )
  assert.ok(
    !existsSync(path('shop.db')) || (await semel('queue', 'list', ...db)).stdout === 'no topics\n',
  )
})

test('tables fit a terminal, and a key cannot draw on it', async (t) => {
  const { semel, write } = place(t)
  const evil = `\u001b[31m\u202e${'k'.repeat(300)}`
  const line = JSON.stringify({ body: { text: 'x'.repeat(500) }, key: evil })
  await semel('send', 'orders', write('orders.ndjson', line), ...db)
  const { stdout } = await semel('queue', 'peek', 'orders', ...db)
  assert.ok(!stdout.includes('\u001b') && !stdout.includes('\u202e'))
  assert.match(stdout, /\\u\{1b\}\[31m\\u\{202e\}kkk/)
  const listed = await semel('queue', 'list', ...db)
  for (const each of listed.stdout.split('\n')) assert.ok(each.length <= 100, each)
})

test('the store and the source of a file can be named instead of a database', async (t) => {
  const { semel, write } = place(t)
  write(
    'semel.yaml',
    'store: { sqlite: a.db }\nsource: { sqlite: b.db }\ngroups: { g: { consumers: [{ topic: t, handler: h.ts, key: id }] } }',
  )
  const config = ['--config', 'semel.yaml'] as const
  await semel('send', 't', write('one.ndjson', '1'), ...config)
  assert.match((await semel('queue', 'list', ...config)).stdout, /^t +1 +1 +-/m)
  assert.match(refused(await semel('inbox', 'list', ...config), 2), /there is no file .*a\.db/)
  assert.match(
    refused(await semel('queue', 'list', ...config, '--group', 'x'), 2),
    /has no group "x"/,
  )
})

test('migrate makes the tables, and prints them', async (t) => {
  const { semel } = place(t)
  const first = await semel('migrate', ...db, '--json')
  assert.ok((first.json as { done: readonly string[] }).done.length > 0)
  assert.equal((await semel('migrate', ...db)).stdout, 'up to date\n')
  assert.match((await semel('migrate', '--print')).stdout, /create table semel_inbox/)
})
