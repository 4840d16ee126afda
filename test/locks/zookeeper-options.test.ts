import assert from 'node:assert/strict'
import test from 'node:test'
import { zookeeperLock } from 'semel/zookeeper'
import { inOrder, lineOf } from '../../src/zookeeper/names.ts'
import { clientOf } from './adapters.ts'
import { children, now, resource, shop, taken } from './zookeeper-kit.ts'

const client = (given = {}): ReturnType<typeof clientOf> =>
  clientOf('zookeeper://127.0.0.1:1', given)

test('what is no client, no path or no option is refused, and said what is allowed', async () => {
  const invalid = { code: 'SEMEL_OPTION_INVALID' }
  assert.throws(() => zookeeperLock({} as never), invalid)
  assert.throws(() => zookeeperLock(undefined as never), invalid)
  await assert.rejects(zookeeperLock(() => 7 as never).acquire(resource, now), invalid)
  for (const root of ['locks', '/', '/a/', '/a//b', '/a/..', '/ä', 7])
    assert.throws(() => zookeeperLock(client(), { root: root as string }), invalid)
  assert.throws(() => zookeeperLock(client(), { commandMsMax: 1 }), invalid)
  assert.throws(() => zookeeperLock(client(), { rot: '/a' } as never), {
    code: 'SEMEL_OPTION_UNKNOWN',
  })
})

test('a session that is too short or too long for a lock is refused, and said how long it may be', async () => {
  for (const sessionTimeout of [500, 86_400_000]) {
    const refused = { code: 'SEMEL_OPTION_INVALID', message: /sessionTimeout .*1000 to 600000/ }
    assert.throws(() => zookeeperLock(client({ sessionTimeout })), refused)
    const lock = zookeeperLock(() => client({ sessionTimeout }))
    await assert.rejects(lock.acquire(resource, now), refused)
  }
})

test('where nobody answers there is no lock, and that is said', async () => {
  const lock = zookeeperLock(() => client(), { commandMsMax: 50 })
  await assert.rejects(lock.acquire(resource, now), {
    code: 'SEMEL_LOCK_UNAVAILABLE',
    message: /no answer within 50 ms/,
  })
  await lock.close()
})

test('first come is first, also when the numbers of the server begin again', () => {
  const { resource: digest } = lineOf('/locks', 7)
  const name = (number: string): string => `${digest}${'0'.repeat(32)}-${number}`
  const line = ['2147483646', '2147483647', '-2147483648', '-2147483647'].map(name)
  assert.deepEqual(inOrder(line.toReversed()), line)
  assert.deepEqual(inOrder([name('0000000010'), name('0000000009')]).at(0), name('0000000009'))
})

test('a lock works below the root that a client has of its own', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const direct = await here.client()
  await (await taken(here.lock(direct))).release()
  const inside = await here.client(`${here.url}${here.root}`)
  const [one, other] = [here.lock(inside), here.lock(await here.client(`${here.url}${here.root}`))]
  const held = await taken(one)
  const waiting = taken(other)
  await held.release()
  await (await waiting).release()
  assert.equal((await children(direct, `${here.root}${here.root}`)).length, 1)
})
