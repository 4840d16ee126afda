import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Client } from 'node-zookeeper-client'
import type { Lock } from '../../src/inbox/lock.ts'
import { until } from '../crash/until.ts'
import { type FaultProxy, faultProxy } from '../servers/proxy.ts'
import { serverFor } from '../servers/server.ts'
import { longSession, now, resource, type Shop, shop, soon, taken } from './zookeeper-kit.ts'

interface Spoilt {
  readonly here: Shop
  readonly proxy: FaultProxy
  readonly client: Client
  readonly lock: Lock
}

/** A lock behind a proxy. */
async function spoilt(t: TestContext, given = {}): Promise<Spoilt | undefined> {
  const found = await serverFor(t, 'zookeeper')
  const here = await shop(t)
  if (found === undefined || here === undefined) return undefined
  const proxy = await faultProxy(found, t)
  const client = await here.client(proxy.url, { ...longSession, ...given })
  return { here, proxy, client, lock: here.lock(client, { commandMsMax: 2_000 }) }
}

async function nothingStands({ nodes }: Shop): Promise<void> {
  await until(
    async () => (await nodes()).length === 0,
    () => 'nothing of a lock is left',
    5_000,
  )
}

for (const retries of [0, 3])
  test(`a node whose answer is lost is found again: there is one, not two, with ${retries} retries of the client`, async (t) => {
    const all = await spoilt(t, { retries })
    if (all === undefined) return
    const { here, proxy, lock } = all
    await (await taken(lock)).release()
    const cut = proxy.cut('after', /^create /)
    const held = await taken(lock)
    await cut.happened
    assert.equal((await here.nodes()).length, 1)
    await held.release()
    assert.deepEqual(await here.nodes(), [])
  })

test('at whatever command the connection breaks, the lock is given once and leaves nothing', async (t) => {
  const all = await spoilt(t)
  if (all === undefined) return
  const { here, proxy, lock } = all
  const other = here.lock(await here.client())
  await (await taken(lock)).release()
  for (const when of ['before', 'after'] as const)
    for (const command of [/^create /, /^getChildren /, /^setData /, /^delete /]) {
      const cut = proxy.cut(when, command)
      const held = await taken(lock)
      assert.equal(await other.acquire(resource, now), undefined)
      await held.release()
      await cut.happened
      await nothingStands(here)
      await (await taken(other)).release()
    }
})

test('who waits goes on waiting when the connection breaks, and gets the lock', async (t) => {
  const all = await spoilt(t)
  if (all === undefined) return
  const { here, proxy, lock } = all
  const held = await taken(here.lock(await here.client()))
  const cut = proxy.cut('after', /^create /)
  const waiting = taken(lock)
  await cut.happened
  await until(
    async () => (await here.nodes()).length === 2,
    () => 'two stand in line',
    5_000,
  )
  proxy.reset()
  await held.release()
  await (await waiting).release()
  assert.deepEqual(await here.nodes(), [])
})

test('a lock that is released without a connection is free as soon as there is one', async (t) => {
  const all = await spoilt(t)
  if (all === undefined) return
  const { here, proxy, client, lock } = all
  const held = await taken(lock)
  proxy.refuse()
  proxy.reset()
  await until(
    () => client.getState().name === 'DISCONNECTED',
    () => 'the connection is lost',
    5_000,
  )
  await held.release()
  proxy.heal()
  await (await taken(here.lock(await here.client()))).release()
  await nothingStands(here)
})

test('who asked in vain, without a connection, leaves nothing when there is one', async (t) => {
  const all = await spoilt(t)
  if (all === undefined) return
  const { here, proxy, client, lock } = all
  await (await taken(lock)).release()
  proxy.refuse()
  proxy.reset()
  await until(
    () => client.getState().name === 'DISCONNECTED',
    () => 'the connection is lost',
    5_000,
  )
  const beganMs = performance.now()
  await assert.rejects(lock.acquire(resource, now), { code: 'SEMEL_LOCK_UNAVAILABLE' })
  await assert.rejects(lock.acquire(resource, { ...soon, signal: AbortSignal.timeout(50) }), {
    name: 'TimeoutError',
  })
  assert.ok(performance.now() - beganMs < 8_000)
  proxy.heal()
  await (await taken(lock)).release()
  await nothingStands(here)
})

test('a node that the client makes by itself, when nobody waits for it any more, is removed', async (t) => {
  const all = await spoilt(t, { retries: 3 })
  if (all === undefined) return
  const { here, proxy, client, lock } = all
  await (await taken(lock)).release()
  proxy.cut('before', /^create /)
  let made = 0
  proxy.cut('before', ({ kind }) => kind === 'create' && ++made < 0)
  const hasty = here.lock(client, { commandMsMax: 100 })
  await assert.rejects(hasty.acquire(resource, now), { message: /no answer within/ })
  await until(
    () => made === 2,
    () => 'the client asks again',
    5_000,
  )
  await (await taken(lock)).release()
  await nothingStands(here)
})

test('however often somebody asks for a lock that is held, the client watches one node', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const lock = here.lock(client)
  const held = await taken(here.lock(await here.client()))
  for (let asked = 0; asked < 20; asked++)
    assert.equal(await lock.acquire(resource, { waitMs: 5 }), undefined)
  const watchers = Object.values((client as unknown as Insides).connectionManager.watcherManager)
  const counts = watchers.flatMap((byPath) =>
    Object.values(byPath).map((one) => one.listenerCount('notification')),
  )
  assert.deepEqual(counts, [1])
  await held.release()
  await until(
    () => watchers.every((byPath) => Object.keys(byPath).length === 0),
    () => 'nothing is watched',
    5_000,
  )
})

interface Insides {
  readonly connectionManager: {
    readonly watcherManager: Record<string, Record<string, { listenerCount(name: string): number }>>
  }
}
