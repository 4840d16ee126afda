import assert from 'node:assert/strict'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import type { Client } from 'node-zookeeper-client'
import { isSemelError } from 'semel'
import type { HeldLock } from '../../src/inbox/lock.ts'
import { until } from '../crash/until.ts'
import { faultProxy } from '../servers/proxy.ts'
import { ownServerFor, serverFor } from '../servers/server.ts'
import { clientOf, sessionMs } from './adapters.ts'
import { children, longSession, madeAt, now, resource, shop, taken } from './zookeeper-kit.ts'

/** Ends the session from elsewhere, as a server does that has not heard of it. */
async function expire(url: string, client: Client): Promise<void> {
  const thief = clientOf(url, {
    sessionId: client.getSessionId(),
    sessionPassword: client.getSessionPassword(),
  })
  thief.connect()
  await once(thief, 'connected')
  thief.close()
}

async function lost({ signal }: HeldLock): Promise<Error> {
  await until(
    () => signal.aborted,
    () => 'the holder is told',
    10_000,
  )
  assert.ok(isSemelError(signal.reason, 'SEMEL_LOCK_LOST'))
  return signal.reason
}

test('a holder whose session has ended is told, and the next one gets the lock with a higher token', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const held = await taken(here.lock(client))
  const waiting = taken(here.lock(await here.client()))
  await expire(here.url, client)
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
  const held = await taken(here.lock(await here.client(proxy.url, given)))
  const waiting = taken(here.lock(await here.client()))
  proxy.blackHole()
  const next = await waiting
  assert.equal(held.signal.aborted, true)
  assert.equal(pay.run({ token: next.token }).changes, 1)
  assert.equal(pay.run({ token: held.token }).changes, 0, 'the former holder has paid again')
  assert.equal(pay.run({ token: next.token }).changes, 1)
})

test('a lock survives a connection that is lost and comes back, and a server that is restarted', async (t) => {
  const own = await ownServerFor(t, 'zookeeper')
  if (own === undefined) return
  const here = await shop(t, own.url)
  if (here === undefined) return
  const [one, other] = [here.lock(await here.client()), here.lock(madeAt(own.url))]
  const held = await taken(one)
  await own.restart()
  assert.equal(await other.acquire(resource, { waitMs: 500 }), undefined)
  const client = await here.client()
  assert.equal((await here.nodes()).length, 1)
  assert.equal(held.signal.aborted, false)
  await held.release()
  const next = await taken(here.lock(client))
  assert.ok(next.token > held.token)
})

test('without its client there is no more lock after an expired session; with a function there is a new one', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const made: Client[] = []
  const [given, making] = [
    here.lock(client),
    here.lock(() => {
      made.push(clientOf(here.url, longSession))
      return made.at(-1) as Client
    }),
  ]
  const first = await taken(given)
  await expire(here.url, client)
  await lost(first)
  await assert.rejects(given.acquire(resource, now), {
    code: 'SEMEL_LOCK_UNAVAILABLE',
    message: /has expired: give a function/,
  })
  const second = await taken(making)
  await expire(here.url, made[0] as Client)
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
  assert.match((await lost(removed)).message, /node is gone/)
  const closed = await taken(lock)
  client.close()
  assert.match((await lost(closed)).message, /client is closed/)
})
