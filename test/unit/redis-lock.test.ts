import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { isSemelError } from 'semel'
import { redisLock } from 'semel/redis'
import type { HeldLock, Lock } from '../../src/inbox/lock.ts'
import { faultProxy } from '../servers/proxy.ts'
import { ownServerFor, serverFor } from '../servers/server.ts'
import { clients, type Shop, shop, wrapped } from './redis-kit.ts'

const leaseMs = 300
const now = { waitMs: 0 }
const soon = { waitMs: 5_000 }

async function locks(here: Shop, given = {}): Promise<readonly [Lock, Lock]> {
  const { prefix } = here
  const options = { prefix, leaseMs, ...given }
  const [one, other] = clients.map(([, connect]) => here.client(connect))
  return [redisLock((await one) as never, options), redisLock((await other) as never, options)]
}

async function taken(lock: Lock, resource = 'account 7'): Promise<HeldLock> {
  const held = await lock.acquire(resource, soon)
  assert.ok(held, 'the lock was not given')
  return held
}

test('of two clients at once one has the lock, and the other one when it is released, with a higher token', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const [one, other] = await locks(here)
  const first = await taken(one)
  assert.equal(await other.acquire('account 7', now), undefined)
  const waiting = taken(other)
  await first.release()
  const second = await waiting
  assert.ok(second.token > first.token, `${second.token} after ${first.token}`)
  assert.ok(await one.acquire('account 8', now))
  await Promise.all([one.close(), other.close()])
})

test('two owners never hold a lock at once while their leases last', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const both = await locks(here, { leaseMs: 5_000 })
  const tokens: bigint[] = []
  let inside = 0
  const work = async (lock: Lock): Promise<void> => {
    for (let round = 0; round < 10; round++) {
      const held = await lock.acquire(['stock', 7], { waitMs: 20_000 })
      assert.ok(held)
      assert.equal(++inside, 1)
      tokens.push(held.token)
      await new Promise(setImmediate)
      inside--
      await held.release()
    }
  }
  await Promise.all([...both, ...both].map(work))
  assert.equal(tokens.length, 40)
  assert.deepEqual(
    tokens,
    tokens.toSorted((a, b) => Number(a - b)),
  )
  assert.equal(new Set(tokens).size, 40)
})

test('a lock is renewed as long as it is held, and a holder that ended leaves it after its lease', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const [one, other] = await locks(here)
  const held = await taken(one)
  assert.equal(await other.acquire('account 7', { waitMs: leaseMs * 3 }), undefined)
  assert.equal(held.signal.aborted, false)
  await held.release()

  let dead = false
  const client = wrapped(await here.client(), (_, go) =>
    dead ? new Promise(() => undefined) : go(),
  )
  const crashed = await taken(redisLock(client, { prefix: here.prefix, leaseMs }), 'account 8')
  dead = true
  const next = await taken(other, 'account 8')
  assert.ok(next.token > crashed.token)
  await next.release()
})

test('a holder without answers is told that it has lost the lock before its lease is over', async (t) => {
  const found = await serverFor(t, 'redis')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  const proxy = await faultProxy(found, t)
  const client = await here.client(undefined, proxy.url)
  const lock = redisLock(client, { prefix: here.prefix, leaseMs, commandMsMax: 100 })
  const beganMs = performance.now()
  const held = await taken(lock)
  proxy.blackHole()
  await once(held.signal, 'abort')
  assert.ok(performance.now() - beganMs < leaseMs * 4)
  assert.ok(isSemelError(held.signal.reason, 'SEMEL_LOCK_LOST'))
  const [other] = await locks(here)
  const next = await taken(other)
  assert.ok(next.token > held.token)
  await other.close()
})

test('a holder whose loop stood still is told, and can neither renew nor release what somebody else has', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const [one, other] = await locks(here)
  const held = await taken(one)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs + 50)
  if (!held.signal.aborted) await once(held.signal, 'abort')
  assert.ok(isSemelError(held.signal.reason, 'SEMEL_LOCK_LOST'))
  const next = await taken(other)
  await held.release()
  assert.equal(await one.acquire('account 7', now), undefined)
  assert.equal(next.signal.aborted, false)
  await next.release()
})

test('a former owner neither renews nor releases the lock of who has it now', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const [one] = await locks(here)
  const [slow, other] = await locks(here, { leaseMs: 60_000 })
  const admin = (await here.client()) as unknown as Admin
  const remove = (): Promise<unknown> =>
    admin
      .sendCommand(['KEYS', `${here.prefix}{%lock}:*`])
      .then((names) => admin.sendCommand(['DEL', ...(names as string[])]))
  const renewing = await taken(one)
  await remove()
  const first = await taken(other)
  if (!renewing.signal.aborted) await once(renewing.signal, 'abort')
  assert.match(String(renewing.signal.reason), /somebody else may have it/)
  await remove()
  const releasing = await taken(slow)
  await remove()
  const second = await taken(other)
  await releasing.release()
  assert.equal(await slow.acquire('account 7', now), undefined)
  assert.ok(renewing.token < first.token && first.token < releasing.token)
  assert.ok(releasing.token < second.token)
  await Promise.all([one, slow, other].map((lock) => lock.close()))
})

interface Admin {
  sendCommand(words: readonly string[]): Promise<unknown>
}

test('a grant whose answer is lost is found again by its owner', async (t) => {
  const found = await serverFor(t, 'redis')
  const here = await shop(t)
  if (found === undefined || here === undefined) return
  for (const [, connect] of clients) {
    const proxy = await faultProxy(found, t)
    const client = await here.client(connect, proxy.url)
    const lock = redisLock(client, { prefix: here.prefix, leaseMs: 60_000, commandMsMax: 300 })
    await (await taken(lock)).release()
    const cut = proxy.cut('after', /evalsha/i)
    const held = await taken(lock)
    await cut.happened
    assert.ok(held.token > 0n)
    await lock.close()
  }
})

test('waiting ends with its time, with the signal of the caller, and with the lock', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const [one, other] = await locks(here, { leaseMs: 60_000 })
  const held = await taken(one)
  assert.equal(await other.acquire('account 7', { waitMs: 50 }), undefined)
  const caller = new AbortController()
  const aborted = other.acquire('account 7', { waitMs: 60_000, signal: caller.signal })
  caller.abort(new Error('enough'))
  await assert.rejects(aborted, { message: 'enough' })
  const closed = other.acquire('account 7', { waitMs: 60_000 })
  await other.close()
  await assert.rejects(closed, { code: 'SEMEL_LOCK_UNAVAILABLE' })
  await assert.rejects(other.acquire('account 8', now), { code: 'SEMEL_LOCK_UNAVAILABLE' })
  await one.close()
  assert.equal(held.signal.aborted, false)
  const [again] = await locks(here)
  assert.ok(await again.acquire('account 7', now), 'closing releases')
  await again.close()
})

test('where nobody answers there is no lock, and that is said', async (t) => {
  const own = await ownServerFor(t, 'redis')
  if (own === undefined) return
  const here = await shop(t, own.url)
  const lock = redisLock((await here?.client()) as never, { commandMsMax: 50 })
  await own.kill('SIGSTOP')
  await assert.rejects(lock.acquire('account 7', { waitMs: 100 }), {
    code: 'SEMEL_LOCK_UNAVAILABLE',
  })
  await own.kill('SIGCONT')
})
