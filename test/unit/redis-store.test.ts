import assert from 'node:assert/strict'
import test from 'node:test'
import { Redis } from 'ioredis'
import type { Store } from 'semel'
import { redisStore } from 'semel/redis'
import { encodeLane } from '../../src/inbox/identity.ts'
import { nodeRedis } from '../conformance/adapters/redis.ts'
import { faultProxy } from '../servers/proxy.ts'
import { serverFor } from '../servers/server.ts'
import {
  clients,
  completed,
  failed,
  fingerprint,
  identity,
  message,
  origin,
  request,
  shop,
  terms,
  wrapped,
} from './redis-kit.ts'

const lane = encodeLane(origin, undefined, 'account 7')
const intent = { step: 'charge', kind: 'forwarded-key', intentId: Buffer.alloc(16, 7) } as const

/** Something of everything: what it answers, without what is random. */
async function everything({ leases, steps, inspector }: Store): Promise<readonly unknown[]> {
  const answers: unknown[] = []
  const keys = ['a', 'b', 'c', 'd'].map((key) => request(key))
  const claims = await leases.claim(keys, terms)
  const [a, b, c, d] = claims.map((claim) => (claim.kind === 'granted' ? claim.lease : undefined))
  assert.ok(a && b && c && d)
  answers.push(await leases.renew([a, b], 600_000))
  answers.push((await steps.begin(a, intent)).kind, await steps.finish(a, 'charge', '17'))
  answers.push((await steps.begin(a, { ...intent, step: 'mail' })).kind)
  answers.push(await leases.settle(a, failed({ message: message({ lane }) })))
  answers.push(await leases.settle(b, completed('30')))
  answers.push(await leases.settle(c, { ...dead, message: message() }))
  const outcome = failed({ message: message({ lane }) })
  const late = ['e', 'f'].map((key) => ({ ...identity(key), fingerprint, outcome }))
  answers.push((await leases.insert(late)).length)
  await inspector.act(identity('c'), { kind: 'redrive', who: 'Zoë', why: '17' })
  await leases.bury(identity('e'), 1, dead)
  return answers
}

const dead = { state: 'dead', reason: 'permanent', detail: 'no', message: undefined } as const

/** What then stands there, without what is random or by the clock. */
async function standing({ leases, steps, inspector, parking }: Store): Promise<unknown> {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => identity(key))
  const records = await leases.read(keys)
  const seen = records.map((record) => record && [record.state, record.token, record.attempts])
  const due = await parking.due(origin, 10)
  return {
    seen,
    due: due.map(({ key, suspect }) => `${String(Buffer.from(key))} ${suspect}`).toSorted(),
    steps: await steps.read(identity('a')),
    counts: (await inspector.count('points'))
      .map(({ state, records: n }) => `${state} ${n}`)
      .toSorted(),
    usage: await parking.usage('points'),
    audit: (await inspector.show(identity('c')))?.audit.map(({ act, who }) => [act, who]),
  }
}

for (const [name, connect] of clients) {
  test(`${name}: scripts that the server has forgotten are sent again`, async (t) => {
    const here = await shop(t)
    if (here === undefined) return
    const client = await here.client(nodeRedis)
    const flushing = wrapped(client, async (words, go) => {
      const known = client as { sendCommand(words: readonly string[]): Promise<unknown> }
      if (words[0] === 'EVALSHA') await known.sendCommand(['SCRIPT', 'FLUSH'])
      return go()
    })
    const flushed = here.store(flushing)
    await everything(flushed)
    const plain = (await shop(t))?.store(await here.client(connect))
    assert.ok(plain)
    await everything(plain)
    assert.deepEqual(await standing(flushed), await standing(plain))
  })

  test(`${name}: times are those of the server, whatever the clock of the process says`, async (t) => {
    const here = await shop(t)
    if (here === undefined) return
    t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
    const store = here.store(await here.client(connect))
    await store.leases.claim([request('a')], terms)
    t.mock.timers.reset()
    const [record] = await store.leases.read([identity('a')])
    assert.ok(Math.abs((record?.changedMs ?? 0) - Date.now()) < 60_000, `at ${record?.changedMs}`)
    assert.equal((record?.untilMs ?? 0) - (record?.changedMs ?? 0), terms.leaseMs)
  })

  test(`${name}: a settlement whose answer is lost is unknown, and settled again is settled`, async (t) => {
    const found = await serverFor(t, 'redis')
    if (found === undefined) return
    const here = await shop(t)
    const proxy = await faultProxy(found, t)
    const client = await here?.client(connect, proxy.url)
    if (here === undefined || client === undefined) return
    const store = here.store(client, { commandMsMax: 500 })
    const [claim] = await store.leases.claim([request('a')], terms)
    assert.ok(claim?.kind === 'granted')
    const cut = proxy.cut('after', /evalsha/i)
    const settled = await store.leases
      .settle(claim.lease, completed('1'))
      .catch((error: unknown) => (error as { code: string }).code)
    await cut.happened
    // One client says so, the other one sends it again.
    assert.ok(['SEMEL_OUTCOME_UNKNOWN', 'settled'].includes(settled), settled)
    assert.equal(await store.leases.settle(claim.lease, completed('1')), 'settled')
    const [record] = await store.leases.read([identity('a')])
    assert.deepEqual([record?.state, record?.token], ['completed', 1])
  })
}

test('what a client sends twice leaves the same as what it sends once (P7)', async (t) => {
  const here = await shop(t)
  const other = await shop(t)
  if (here === undefined || other === undefined) return
  const client = await here.client()
  const twice = here.store(
    wrapped(client, async (_, go) => {
      await go().catch(() => undefined)
      return go()
    }),
  )
  const once = other.store(client)
  assert.deepEqual(await everything(twice), await everything(once))
  assert.deepEqual(await standing(twice), await standing(once))
})

test('a claim that is sent once more after others have had the key takes it from nobody (P7)', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const late: (() => Promise<unknown>)[] = []
  const store = here.store(
    wrapped(client, (words, go) => {
      if (String(words[0]).startsWith('EVAL')) late.push(go)
      return go()
    }),
  )
  const first = request('a', { claimId: Buffer.alloc(16, 1) })
  const [one] = await store.leases.claim([first], { ...terms, leaseMs: 1 })
  assert.ok(one?.kind === 'granted')
  const settles = late.length
  await store.leases.settle(one.lease, failed())
  const stale = late.slice(0, settles + 1)
  let two
  do [two] = await store.leases.claim([request('a')], terms)
  while (two?.kind !== 'granted')
  for (const again of stale) await again()
  const [record] = await store.leases.read([identity('a')])
  assert.deepEqual([record?.state, record?.token], ['leased', two.lease.token])
  assert.equal(await store.leases.settle(two.lease, completed()), 'settled')
})

test('a client that never answers hangs nobody: a claim is unavailable, a settlement unknown', async () => {
  const hung = { sendCommand: () => new Promise<never>(() => undefined) }
  const store = redisStore(hung, { commandMsMax: 20 })
  const lease = { ...request('a'), token: 1, attempt: 1 }
  const coded = (code: string) => (error: { code?: string }) => error.code === code
  await assert.rejects(store.leases.claim([request('a')], terms), coded('SEMEL_STORE_UNAVAILABLE'))
  await assert.rejects(store.leases.read([lease]), coded('SEMEL_STORE_UNAVAILABLE'))
  await assert.rejects(store.leases.settle(lease, completed()), coded('SEMEL_OUTCOME_UNKNOWN'))
  const shared = await Promise.allSettled([
    store.leases.claim([request('a')], terms),
    store.leases.settle(lease, completed()),
  ])
  assert.deepEqual(
    shared.map((one) => one.status === 'rejected' && (one.reason as { code?: string }).code),
    ['SEMEL_STORE_UNAVAILABLE', 'SEMEL_OUTCOME_UNKNOWN'],
  )
  await assert.rejects(store.steps.begin(lease, intent), coded('SEMEL_OUTCOME_UNKNOWN'))
  await assert.rejects(store.prepare(), coded('SEMEL_STORE_UNAVAILABLE'))
})

test('a claim, a renewal, a step and a settlement are one round trip each, and so is a batch', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const sent: string[] = []
  const store = here.store(
    wrapped(client, (words, go) => {
      sent.push(String(words[0]))
      return go()
    }),
  )
  // Once for each process: the group is written down, and the server gets to know the scripts.
  await everything(store)
  const trips = async <R>(work: () => Promise<R>): Promise<readonly [R, number]> => {
    sent.length = 0
    return [await work(), sent.length]
  }
  const [claims, claimTrips] = await trips(() => store.leases.claim([request('x')], terms))
  assert.ok(claims[0]?.kind === 'granted')
  const { lease } = claims[0]
  const [, renewTrips] = await trips(() => store.leases.renew([lease], 600_000))
  const [, beginTrips] = await trips(() => store.steps.begin(lease, intent))
  const [, finishTrips] = await trips(() => store.steps.finish(lease, 'charge', '1'))
  const [, settleTrips] = await trips(() => store.leases.settle(lease, completed()))
  assert.deepEqual([claimTrips, renewTrips, beginTrips, finishTrips, settleTrips], [1, 1, 1, 1, 1])
  const many = Array.from({ length: 50 }, (_, at) => request(`many-${at}`))
  const [, batchTrips] = await trips(() => store.leases.claim(many, terms))
  const each = Array.from({ length: 50 }, (_, at) => request(`each-${at}`))
  const [, eachTrips] = await trips(() =>
    Promise.all(each.map((one) => store.leases.claim([one], terms))),
  )
  assert.deepEqual([batchTrips, eachTrips], [1, 1])
})

test('our own claim in a lane is granted again, whatever is parked there meanwhile (P5)', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const store = here.store(await here.client())
  const own = request('a', { lane })
  await store.leases.claim([own], terms)
  const outcome = failed({ message: message({ lane }), retryInMs: 600_000 })
  await store.leases.insert([{ ...identity('b'), fingerprint, outcome }])
  const [again] = await store.leases.claim([own], terms)
  assert.equal(again?.kind, 'granted')
})

test('a group whose name has braces, colons or nothing is on one server of a cluster, and is its own', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const store = here.store(await here.client())
  const groups = ['', '{', '}', '{}', '}{', 'a:b', 'a', '%', '%7B', 'ä', '{a}', '%lock']
  for (const group of groups) {
    const [claim] = await store.leases.claim([{ ...request('k'), ...identity('k', group) }], terms)
    assert.ok(claim?.kind === 'granted', group)
    await store.leases.settle(claim.lease, completed(group))
  }
  for (const group of groups) {
    const [listed] = await store.inspector.list({ group, limit: 10 })
    assert.equal(listed?.result, group)
  }
  const reader = new Redis(here.url)
  const names = await reader.keys(`${here.prefix.replace(/[[\]*?\\]/g, '\\$&')}*`)
  reader.disconnect()
  const tags = new Set(names.map((one) => /\{([^}]+)\}/.exec(one)?.[1]))
  assert.equal(tags.size, groups.length + 1, [...tags].join(' '))
})
