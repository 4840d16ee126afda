import assert from 'node:assert/strict'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import zookeeper, { type Client } from 'node-zookeeper-client'
import { isSemelError } from 'semel'
import type { HeldLock } from '../../src/inbox/lock.ts'
import { until } from '../crash/until.ts'
import { type FaultProxy, faultProxy } from '../servers/proxy.ts'
import { ownServerFor, serverFor } from '../servers/server.ts'
import { clientOf, sessionMs } from './adapters.ts'
import { children, longSession, madeAt, now, resource, shop, taken } from './zookeeper-kit.ts'

/** Ends the session from elsewhere, while its owner cannot reach the server. */
async function expire(proxy: FaultProxy, url: string, client: Client): Promise<void> {
  proxy.refuse()
  const thief = clientOf(url, {
    sessionId: client.getSessionId(),
    sessionPassword: client.getSessionPassword(),
  })
  thief.connect()
  await once(thief, 'connected')
  thief.close()
  await once(thief, 'disconnected')
  proxy.heal()
}

async function lost({ signal }: HeldLock, limitMs = 5_000): Promise<Error> {
  await until(
    () => signal.aborted,
    () => 'the holder is told',
    limitMs,
  )
  assert.ok(isSemelError(signal.reason, 'SEMEL_LOCK_LOST'))
  return signal.reason
}

test('a holder whose session has ended is told, and the next one gets the lock with a higher token', async (t) => {
  const found = await serverFor(t, 'zookeeper')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  const proxy = await faultProxy(found, t)
  const client = await here.client(proxy.url)
  const held = await taken(here.lock(client))
  const waiting = taken(here.lock(await here.client()))
  await expire(proxy, here.url, client)
  await lost(held)
  const next = await waiting
  assert.ok(next.token > held.token)
  await held.release()
  assert.equal(next.signal.aborted, false)
})

test('a row that compares tokens refuses a former holder, who has not heard of anything', async (t) => {
  const found = await serverFor(t, 'zookeeper')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  using db = new DatabaseSync(':memory:')
  db.exec(
    'create table account (money integer, token integer); insert into account values (200, 0)',
  )
  const pay = db.prepare(
    'update account set money = money - 100, token = :token where token <= :token',
  )
  const proxy = await faultProxy(found, t)
  const given = { sessionTimeout: sessionMs }
  const lock = here.lock(await here.client(proxy.url, given), { commandMsMax: 200 })
  const held = await taken(lock)
  const waiting = taken(here.lock(await here.client()))
  proxy.blackHole()
  const next = await waiting
  assert.equal(held.signal.aborted, true)
  assert.equal(pay.run({ token: next.token }).changes, 1)
  assert.equal(pay.run({ token: held.token }).changes, 0, 'the former holder has paid again')
  assert.equal(pay.run({ token: next.token }).changes, 1)
})

test('a lock survives a server that is restarted, and is kept on', async (t) => {
  const own = await ownServerFor(t, 'zookeeper')
  if (own === undefined) return
  const here = await shop(t, own.url)
  if (here === undefined) return
  const proxy = await faultProxy(own, t)
  const given = { commandMsMax: 500 }
  const held = await taken(here.lock(await here.client(proxy.url), given))
  // A server that begins to listen greets nobody, and the client would wait for that.
  proxy.refuse()
  await own.restart()
  proxy.heal()
  const other = here.lock(await here.client(), given)
  assert.equal(await other.acquire(resource, { waitMs: 8_000 }), undefined)
  assert.equal(held.signal.aborted, false)
  await held.release()
  const next = await taken(other)
  assert.ok(next.token > held.token)
})

test('a holder whose loop stood still is told, and its node does not stay in the way while its session lives on', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const lock = here.lock(await here.client(here.url, { sessionTimeout: 2_000 }))
  const held = await taken(lock)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_600)
  assert.match((await lost(held)).message, /may have expired/)
  await until(
    async () => (await here.nodes()).length === 0,
    () => 'its node is removed',
    300,
  )
  await (await taken(lock)).release()
})

test('without its client there is no more lock after an expired session; with a function there is a new one', async (t) => {
  const found = await serverFor(t, 'zookeeper')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  const proxy = await faultProxy(found, t)
  const client = await here.client(proxy.url)
  const made: Client[] = []
  const [given, making] = [
    here.lock(client),
    here.lock(() => {
      made.push(clientOf(proxy.url, longSession))
      return made.at(-1) as Client
    }),
  ]
  const first = await taken(given)
  await expire(proxy, here.url, client)
  await lost(first)
  await assert.rejects(given.acquire(resource, now), {
    code: 'SEMEL_LOCK_UNAVAILABLE',
    message: /has expired: give a function/,
  })
  const second = await taken(making)
  await expire(proxy, here.url, made[0] as Client)
  await lost(second)
  const third = await taken(making)
  assert.equal(made.length, 2)
  assert.ok(third.token > second.token && second.token > first.token)
})

test('a session that hears nothing any more is given up for a new one', async (t) => {
  const found = await serverFor(t, 'zookeeper')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  const proxy = await faultProxy(found, t)
  const lock = here.lock(madeAt(proxy.url, { sessionTimeout: sessionMs }), { commandMsMax: 200 })
  const held = await taken(lock)
  proxy.blackHole()
  await lost(held)
  proxy.heal()
  let next: HeldLock | undefined
  await until(
    async () => {
      next = await lock.acquire(resource, now).catch(() => undefined)
      return next !== undefined
    },
    () => 'the lock is given in a new session',
    10_000,
  )
  assert.ok(next && next.token > held.token)
})

test('a holder is told when somebody removes its node, and when its client is closed', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const lock = here.lock(client)
  const removed = await taken(lock)
  const [bucket] = await children(client, here.root)
  const [node] = await here.nodes()
  client.remove(`${here.root}/${bucket}/${node}`, () => undefined)
  assert.match((await lost(removed, 1_000)).message, /node is gone/)
  const closed = await taken(lock)
  client.close()
  assert.match((await lost(closed, 1_000)).message, /client is closed/)
})

test('an answer that the session has expired ends it, also when the client goes on', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client(here.url, { sessionTimeout: sessionMs })
  const spoilt = Object.create(client) as Client
  let expired = false
  spoilt.setData = (...given: unknown[]) => {
    const done = given.at(-1) as (error: unknown) => void
    if (expired)
      done(Object.assign(new Error('expired'), { code: zookeeper.Exception.SESSION_EXPIRED }))
    else Reflect.apply(client.setData as () => void, client, given)
  }
  const lock = here.lock(spoilt)
  const held = await taken(lock)
  expired = true
  assert.match((await lost(held)).message, /the session has expired/)
  await assert.rejects(lock.acquire(resource, now), { code: 'SEMEL_LOCK_UNAVAILABLE' })
})
