import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { sqliteStore } from 'semel/sqlite'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeOrigin, encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { Key } from '../../src/inbox/key.ts'
import type { Outcome, ParkedMessage } from '../../src/inbox/record.ts'
import { skipHere } from '../not-run.ts'
import { type Place, place, refused } from './kit.ts'

const db = ['--db', 'shop.db'] as const
const why = ['--why', 'a test'] as const
const scope = encodeScope({ group: 'points', keyspace: 'orders' })
const body = Buffer.from('{"orderId":"A"}')
const message: ParkedMessage = {
  origin: encodeOrigin({ group: 'points', topic: 'orders' }),
  id: 'm-1',
  topic: 'orders',
  tag: 'PAID',
  key: undefined,
  headers: { trace: 'x' },
  sentAtMs: 1_700_000_000_000,
  body,
  lane: undefined,
}
const outcomes = {
  dead: { state: 'dead', reason: 'crashed', detail: '16 attempts used up', message },
  failed: {
    state: 'failed',
    reason: 'failed',
    detail: 'no',
    retryInMs: 60_000,
    counted: true,
    message,
  },
  done: { state: 'completed', result: '{"total":30}', keepMs: 60_000 },
  past: { state: 'completed', result: undefined, keepMs: 0 },
} as const satisfies Record<string, Outcome>

async function records(
  { path }: Place,
  list: readonly (readonly [Key, keyof typeof outcomes])[],
): Promise<void> {
  const store = sqliteStore(path('shop.db'))
  await store.prepare()
  const fingerprint = bodyFingerprint(body)
  for (const [key, outcome] of list) {
    const [fresh] = await store.leases.insert([
      { ...identityOf(scope, key), fingerprint, outcome: outcomes[outcome] },
    ])
    assert.ok(fresh)
  }
  await store.close()
}

interface Row {
  readonly key: string
  readonly id: string
  readonly state: string
}

async function rows({ semel }: Place, ...words: readonly string[]): Promise<readonly Row[]> {
  const ended = await semel('inbox', 'list', ...db, ...words, '--json')
  assert.equal(ended.code, 0, ended.stderr)
  return (ended.json as { records: readonly Row[] }).records
}

const states = (list: readonly Row[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, state }) => [key, state]))

test('list shows records, filtered, page by page, in 100 columns', async (t) => {
  const here = place(t)
  await records(here, [
    ['A', 'dead'],
    [['b', 17], 'failed'],
    ['c'.repeat(400), 'dead'],
    ['D', 'done'],
  ])
  assert.equal((await rows(here)).length, 4)
  assert.deepEqual(states(await rows(here, '--state', 'failed')), { 'b/17': 'failed' })
  assert.equal((await rows(here, '--reason', 'crashed', '--group', 'points')).length, 2)
  assert.equal((await rows(here, '--group', 'others')).length, 0)
  const { stdout } = await here.semel('inbox', 'list', ...db, '--limit', '3')
  assert.match(stdout, /^STATE +REASON +TRIES/)
  assert.match(stdout, /there are more: --offset 3/)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
  assert.match(
    refused(await here.semel('inbox', 'list', ...db, '--state', 'daed'), 2),
    /Allowed choices are dead/,
  )
})

test('show tells everything, by key and by id; --body is the message byte by byte', async (t) => {
  const here = place(t)
  await records(here, [[['a', 1], 'dead']])
  const { stdout } = await here.semel('inbox', 'show', 'a/1', ...db, '--group', 'points')
  for (const part of [
    /^state +dead$/m,
    /^detail +16 attempts/m,
    /^body +15 bytes: \{"orderId":"A"\}$/m,
    /^header +trace: x$/m,
  ])
    assert.match(stdout, part)
  const [row] = await rows(here)
  const raw = await here.semel('inbox', 'show', '--id', row?.id ?? '', ...db, '--body')
  assert.equal(raw.stdout, body.toString())
  const shown = await here.semel('parked', 'show', 'a/1', ...db, '--json')
  assert.deepEqual((shown.json as { message: { body: unknown } }).message.body, {
    bytes: 15,
    text: '{"orderId":"A"}',
  })
})

test('redrive makes a dead message due, also with a corrected body, and is written down', async (t) => {
  const here = place(t)
  await records(here, [['A', 'dead']])
  const file = here.write('body.json', '{"orderId":"A","amount":2}')
  const done = await here.semel(
    'inbox',
    'redrive',
    'A',
    ...db,
    ...why,
    '--who',
    'ada',
    '--body',
    file,
    '--json',
  )
  assert.equal((done.json as { record: Row }).record.state, 'failed', done.stderr)
  const { stdout } = await here.semel('inbox', 'show', 'A', ...db)
  assert.match(stdout, /^body +26 bytes: .*"amount":2/m)
  assert.match(stdout, /^audit .* ada redrive: a test \(corrected body\)$/m)
})

test('redrive --all takes everything with a reason', async (t) => {
  const here = place(t)
  await records(here, [
    ['A', 'dead'],
    ['B', 'dead'],
    ['C', 'failed'],
  ])
  const done = await here.semel('inbox', 'redrive', '--all', '--reason', 'crashed', ...db, ...why)
  assert.equal(done.stdout, '2 records redriven\n')
  assert.deepEqual(states(await rows(here)), { A: 'failed', B: 'failed', C: 'failed' })
})

test('skip counts as done, forget leaves nothing, prune what is past', async (t) => {
  const here = place(t)
  await records(here, [
    ['A', 'dead'],
    ['B', 'dead'],
    ['C', 'past'],
    ['D', 'done'],
  ])
  assert.match(
    (await here.semel('inbox', 'skip', 'A', ...db, ...why)).stdout,
    /^skipped: A .* is completed/,
  )
  const forgotten = await here.semel('inbox', 'forget', 'B', ...db, ...why, '--yes', '--json')
  assert.deepEqual(forgotten.json, { done: 'forgotten' })
  const pruned = await here.semel('inbox', 'prune', ...db, '--json')
  assert.deepEqual(pruned.json, { pruned: 1 })
  assert.deepEqual(states(await rows(here)), { A: 'completed', D: 'completed' })
})

test('an act that the state does not allow is refused, with the state', async (t) => {
  const here = place(t)
  await records(here, [['A', 'done']])
  const error = refused(await here.semel('inbox', 'release', 'A', ...db, ...why), 1)
  assert.match(error, /SEMEL_RECORD_STATE the record is completed, release is for leased/)
})

test('an act without a reason, a record or a name is refused, and nothing is done', async (t) => {
  const here = place(t)
  await records(here, [['A', 'dead']])
  const act = (...words: readonly string[]): ReturnType<Place['semel']> =>
    here.semel('inbox', ...words, ...db)
  assert.match(refused(await act('redrive', 'A'), 2), /--why is missing/)
  assert.match(refused(await act('skip', 'B', ...why), 1), /SEMEL_RECORD_MISSING/)
  assert.match(refused(await act('skip', ...why), 2), /name one record/)
  assert.match(refused(await act('forget', 'A', ...why), 2), /no terminal to ask at/)
  assert.match(refused(await act('redrive', 'A', '--all', ...why), 2), /--all takes no key/)
  assert.match(refused(await act('redrive', 'A', ...why, '--body', 'none'), 2), /cannot be read/)
  assert.deepEqual(states(await rows(here)), { A: 'dead' })
})

test('parked list shows what waits in the store, and not what is dead', async (t) => {
  const here = place(t)
  await records(here, [
    ['A', 'dead'],
    ['B', 'failed'],
  ])
  const ended = await here.semel('parked', 'list', ...db, '--json')
  assert.deepEqual(states((ended.json as { records: readonly Row[] }).records), { B: 'failed' })
})

test('who only looks makes no database', async (t) => {
  const { semel } = place(t)
  assert.match(
    refused(await semel('inbox', 'list', '--db', 'shpo.db'), 2),
    /there is no file .*shpo\.db/,
  )
  assert.match(refused(await semel('inbox', 'list', '--db', 'shpo.db'), 2), /there is no file/)
})

test('a file that is no database, or one of a newer version, is refused and stays as it is', async (t) => {
  const { semel, write, path } = place(t)
  write('shop.db', 'no database, but long enough to be taken for one '.repeat(100))
  assert.match(refused(await semel('inbox', 'list', ...db), 1), /SEMEL_STORE_CORRUPT/)
  await semel('migrate', '--db', 'new.db')
  const file = new DatabaseSync(path('new.db'))
  file.exec("insert into semel_schema values (999, 'later', 0)")
  file.close()
  for (const words of [['inbox', 'list'], ['queue', 'list'], ['migrate']])
    assert.match(refused(await semel(...words, '--db', 'new.db'), 1), /SEMEL_SCHEMA_AHEAD/)
})

test('a file that may not be written is refused with its code', async (t) => {
  if (process.getuid?.() === 0)
    return skipHere(t, 'the command on a read-only file', 'root may write every file')
  const here = place(t)
  await records(here, [['A', 'dead']])
  chmodSync(here.path('shop.db'), 0o444)
  const ended = await here.semel('inbox', 'skip', 'A', ...db, ...why)
  assert.match(refused(ended, 1), /SEMEL_STORE_READ_ONLY/)
})
