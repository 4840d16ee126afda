import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test, { type TestContext } from 'node:test'
import { sqlitePublisher, sqliteQueue, sqliteSource, type SqliteQueue } from 'semel/sqlite'
import { manualClock } from 'semel/testing'
import { removeGroupCommand } from '../../src/cli/commands/queue-acts.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { type Place, place, refused, until } from './kit.ts'

const db = ['--db', 'shop.db'] as const

/** Two messages for two groups, one of which is in broadcast. */
async function sent(t: TestContext): Promise<Place & { readonly queue: SqliteQueue }> {
  const here = place(t)
  const file = here.path('shop.db')
  for (const more of [{ group: 'points' }, { group: 'cache', instance: 'host-3' }]) {
    const source = sqliteSource(file, { topic: 'orders' })
    await source.open({ instance: undefined, ...more })
    await source.close()
  }
  const publisher = sqlitePublisher(file, { topic: 'orders' })
  await publisher.sendBatch([{ body: 1 }, { body: 2 }])
  await publisher.close()
  const queue = sqliteQueue(file)
  t.after(() => queue.close())
  return { ...here, queue }
}

async function groups({ queue }: { readonly queue: SqliteQueue }): Promise<readonly string[]> {
  const [topic] = await queue.list()
  return (topic?.groups ?? []).map(({ group, waiting }) => `${group} ${waiting}`)
}

test('a group is removed, and what it had not had is said', async (t) => {
  const here = await sent(t)
  assert.deepEqual(await groups(here), ['cache 2', 'points 2'])
  const removed = await here.semel('queue', 'remove-group', 'orders', 'points', ...db, '--yes')
  assert.equal(removed.stdout, 'group points of orders removed; 2 messages waited for it\n')
  assert.deepEqual(await groups(here), ['cache 2'])
  const words = ['orders', 'cache', '--instance', 'host-3', ...db, '--yes', '--json']
  const instance = await here.semel('queue', 'remove-group', ...words)
  assert.deepEqual(instance.json, {
    removed: { topic: 'orders', group: 'cache', instance: 'host-3' },
    waited: 2,
  })
  assert.deepEqual(await groups(here), [])
})

test('a group that is not there is refused, and the others are named', async (t) => {
  const here = await sent(t)
  const ended = await here.semel('queue', 'remove-group', 'orders', 'cache', ...db, '--yes')
  assert.match(refused(ended, 2), /has no group "cache"; it has cache --instance host-3, points$/)
  assert.equal((await groups(here)).length, 2)
})

test('without a terminal and without --yes nothing is removed', async (t) => {
  const here = await sent(t)
  const ended = await here.semel('queue', 'remove-group', 'orders', 'points', ...db)
  assert.match(refused(ended, 2), /no terminal to ask at/)
  const old = await here.semel('queue', 'prune', 'orders', '--older-than', '1s', ...db)
  assert.match(refused(old, 2), /no terminal to ask at/)
  assert.deepEqual(await groups(here), ['cache 2', 'points 2'])
})

test('the name of the group is to be typed', async (t) => {
  const here = await sent(t)
  const remove = async (typed: string): Promise<unknown> => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    const stdout = new PassThrough().setEncoding('utf8')
    let drawn = ''
    stdout.on('data', (text: string) => void (drawn += text))
    const shell = { env: {}, stdin, stdout, stderr: stdout } as unknown as Shell
    const words = ['orders', 'points', '--db', here.path('shop.db')]
    const done = removeGroupCommand({ shell, exit: 9 }).parseAsync(words, { from: 'user' })
    const asked = 'type points to remove it with 2 messages that it has not had: '
    await until(() => drawn.includes(asked), 'it asks')
    stdin.write(`${typed}\n`)
    return done
  }
  await assert.rejects(remove('yes'), { code: 'SEMEL_USAGE' })
  assert.equal((await groups(here)).length, 2)
  await remove('points')
  assert.deepEqual(await groups(here), ['cache 2'])
})

test('messages that are older are removed, whoever waits for them; younger ones stay', async (t) => {
  const here = await sent(t)
  const file = here.path('shop.db')
  const publisher = sqlitePublisher(file, { topic: 'orders', clock: manualClock() })
  await publisher.sendBatch([{ body: 'old' }, { body: 'old' }, { body: 'old' }])
  await publisher.close()
  const prune = ['queue', 'prune', 'orders', ...db, '--yes'] as const
  const pruned = await here.semel(...prune, '--older-than', '1d', '--json')
  assert.deepEqual(pruned.json, { topic: 'orders', pruned: 3 })
  assert.deepEqual(await groups(here), ['cache 2', 'points 2'])
  assert.match(refused(await here.semel(...prune, '--older-than', '7 days'), 2), /as in 30d/)
  assert.match(refused(await here.semel(...prune), 2), /--older-than/)
})

for (const act of ['remove-group', 'prune'])
  test(`semel queue ${act} --help ends with examples of itself`, async (t) => {
    const help = await place(t).semel('queue', act, '--help')
    assert.equal(help.code, 0)
    assert.match(help.stdout.split('Examples:')[1] ?? '', new RegExp(`semel queue ${act}\\b`))
  })
