import assert from 'node:assert/strict'
import test from 'node:test'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import type { RedisClient, RedisStoreOptions } from 'semel/redis'
import { redisLock, redisStore } from 'semel/redis'
import { errorWord, storeError } from '../../src/redis/redis-errors.ts'
import { ioRedis, nodeRedis } from '../conformance/adapters/redis.ts'
import { ownServerFor, type Settings } from '../servers/server.ts'
import {
  clients,
  completed,
  failed,
  identity,
  message,
  origin,
  request,
  shop,
  terms,
} from './redis-kit.ts'

const kept = { appendonly: 'yes', appendfsync: 'always' }

/** Settings of a server, what is declared of it, and what the start says; undefined: nothing. */
const starts: readonly (readonly [Settings, RedisStoreOptions, RegExp | undefined])[] = [
  [kept, {}, undefined],
  [kept, { persistence: 'everysec' }, undefined],
  [{ ...kept, 'maxmemory-policy': 'allkeys-lru' }, {}, /maxmemory-policy is allkeys-lru/],
  [{ ...kept, 'maxmemory-policy': 'volatile-ttl' }, { persistence: 'none' }, /volatile-ttl/],
  [{ ...kept, appendfsync: 'everysec' }, {}, /declared to be always, and is everysec/],
  [{ ...kept, appendfsync: 'everysec' }, { persistence: 'everysec' }, undefined],
  [{ ...kept, appendfsync: 'no' }, { persistence: 'everysec' }, /and is none/],
  [{ appendonly: 'no' }, { persistence: 'everysec' }, /and is none/],
  [{ appendonly: 'no' }, { persistence: 'none' }, undefined],
]

test('a server that can forget more than was declared is refused at start', async (t) => {
  const own = await ownServerFor(t, 'redis')
  if (own === undefined) return
  for (const [settings, options, refusal] of starts) {
    await own.restart(settings)
    for (const [name, connect] of clients) {
      const { client, close } = await connect(own.url)
      t.after(close)
      const start = redisStore(client, options).prepare()
      const what = `${name} ${JSON.stringify([settings, options])}`
      if (refusal === undefined) await assert.doesNotReject(start, what)
      else await assert.rejects(start, { code: 'SEMEL_REDIS_UNSAFE', message: refusal }, what)
    }
  }
})

test('a server that may not be asked is refused, unless somebody vouches for it in words', async (t) => {
  const own = await ownServerFor(t, 'redis', kept)
  if (own === undefined) return
  const admin = (await ioRedis(own.url)) as unknown as { client: Sends; close(): Promise<void> }
  await admin.client.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-config')
  await admin.close()
  const url = own.url.replace('://', '://app:secret@')
  for (const [, connect] of clients) {
    const { client, close } = await connect(url)
    t.after(close)
    await assert.rejects(redisStore(client).prepare(), {
      code: 'SEMEL_REDIS_UNSAFE',
      message: /does not say/,
    })
    const store = redisStore(client, { uncheckedBecause: 'the provider promises it' })
    await store.prepare()
    assert.match(store.windows?.join() ?? '', /not checked, because the provider promises it/)
  }
})

interface Sends {
  call(...words: readonly string[]): Promise<unknown>
}

test('what is declared of the server is said: whether records last, and when they may not', () => {
  const { client } = { client: { sendCommand: async () => 'PONG' } }
  const said = (options?: RedisStoreOptions): unknown => {
    const { capabilities, windows } = redisStore(client, options)
    return [capabilities.durable, /power cut|restarts/.test(windows?.join() ?? '')]
  }
  assert.deepEqual(said(), [true, false])
  assert.deepEqual(said({ persistence: 'everysec' }), [true, true])
  assert.deepEqual(said({ persistence: 'none' }), [false, true])
})

test('options and clients that do not fit are refused when the store is made', () => {
  const client = { sendCommand: async () => 'PONG' }
  const pool = { ...client, execute: () => undefined }
  const invalid = { code: 'SEMEL_OPTION_INVALID' }
  for (const wrong of [pool, {}, null, undefined, 'redis://localhost'])
    assert.throws(() => redisStore(wrong as RedisClient), invalid)
  for (const prefix of ['', 'a{b', 'a}b', '\ud800'])
    assert.throws(() => redisStore(client, { prefix }), invalid)
  assert.throws(() => redisStore(client, { persistence: 'maybe' as never }), invalid)
  assert.throws(() => redisStore(client, { commandMsMax: 1 }), invalid)
  assert.throws(() => redisStore(client, { persistance: 'none' } as never), {
    code: 'SEMEL_OPTION_UNKNOWN',
  })
})

test('records of a newer layout are not touched', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client(ioRedis)
  await (client as unknown as Sends).call('SET', `${here.prefix}layout`, '2')
  await assert.rejects(here.store(client).prepare(), { code: 'SEMEL_SCHEMA_AHEAD' })
})

/** What Redis begins an error with, and what it is here. */
const errors: readonly (readonly [string, string])[] = [
  ['OOM command not allowed when used memory > maxmemory.', 'SEMEL_STORE_FULL'],
  ['LOADING Redis is loading the dataset in memory', 'SEMEL_STORE_UNAVAILABLE'],
  ["READONLY You can't write against a read only replica.", 'SEMEL_STORE_UNAVAILABLE'],
  ['MOVED 3999 127.0.0.1:6381', 'SEMEL_STORE_UNAVAILABLE'],
  ['NOREPLICAS Not enough good replicas to write.', 'SEMEL_STORE_UNAVAILABLE'],
  ['MISCONF Redis is configured to save RDB snapshots', 'SEMEL_STORE_UNAVAILABLE'],
  ['BUSY Redis is busy running a script.', 'SEMEL_STORE_UNAVAILABLE'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'SEMEL_STORE_CORRUPT'],
  ['ERR Error running script (call to f_0): @user_script:1: OOM command', 'SEMEL_STORE_FULL'],
  ["NOPERM User app has no permissions to run 'evalsha'", 'SEMEL_REDIS_REFUSED'],
  ['NOAUTH Authentication required.', 'SEMEL_REDIS_REFUSED'],
  ['ERR unknown command', 'SEMEL_INVARIANT_BROKEN'],
  ['Socket closed unexpectedly', 'SEMEL_OUTCOME_UNKNOWN'],
  ['read ECONNRESET', 'SEMEL_OUTCOME_UNKNOWN'],
  ['The client is closed', 'SEMEL_OUTCOME_UNKNOWN'],
]

test('errors are told by the word that Redis begins them with; no answer is what the caller says', () => {
  for (const [text, code] of errors)
    assert.equal(storeError(new Error(text), 'SEMEL_OUTCOME_UNKNOWN').code, code, text)
  assert.equal(errorWord('no error'), undefined)
})

test('a server that is full, or that may not write, says so by its code', async (t) => {
  const own = await ownServerFor(t, 'redis', { ...kept, maxmemory: '3mb' })
  if (own === undefined) return
  const { client, close } = await ioRedis(own.url)
  t.after(close)
  const store = redisStore(client)
  await store.prepare()
  const outcome = completed('x'.repeat(60_000))
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 200; at++)
      await store.leases.insert([{ ...request(`full-${at}`), outcome }])
  }
  await assert.rejects(fill(), { code: 'SEMEL_STORE_FULL' })
  assert.equal((await store.leases.read([identity('full-0')]))[0]?.state, 'completed')
  await own.restart({ ...own.readOnly, maxmemory: '0' })
  const refused = async (): Promise<void> => {
    for (;;) {
      const claim = await store.leases.claim([request('later')], terms).catch(codeOf)
      if (claim === 'SEMEL_STORE_UNAVAILABLE') return
    }
  }
  await refused()
})

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}

/** As docs/redis.md lists them. */
const rights = '+eval +evalsha +info +config|get +ping +time +@read +@write'.split(' ')

test('a user with the rights that the page lists, and no others, is enough', async (t) => {
  const own = await ownServerFor(t, 'redis', kept)
  if (own === undefined) return
  const admin = await ioRedis(own.url)
  const user = ['ACL', 'SETUSER', 'app', 'on', '>secret', '-@all', '~semel:*', ...rights]
  await (admin.client as unknown as Sends).call(...user)
  await admin.close()
  const { client, close } = await nodeRedis(own.url.replace('://', '://app:secret@'))
  t.after(close)
  const store = redisStore(client)
  await store.prepare()
  const [claim] = await store.leases.claim([request('a')], terms)
  assert.ok(claim?.kind === 'granted')
  const intent = { step: 'charge', kind: 'checkable', intentId: Buffer.alloc(16) } as const
  await store.steps.begin(claim.lease, intent)
  await store.leases.settle(claim.lease, failed({ message: message() }))
  assert.equal((await store.parking.due(origin, 1)).length, 1)
  await store.inspector.act(claim.lease, { kind: 'redrive', who: 'Zoë', why: '', callAgain: true })
  assert.equal((await store.inspector.list({ limit: 1 })).length, 1)
  assert.equal((await store.rates?.take('points', 10, 1))?.granted, 1)
  const held = await redisLock(client).acquire('a', { waitMs: 0 })
  await held?.release()
  const forbidden = redisStore(client, { prefix: 'other:' }).leases.claim([request('a')], terms)
  await assert.rejects(forbidden, { code: 'SEMEL_REDIS_REFUSED' })
})

test('a cluster keeps each group on one server, with either client', async (t) => {
  const own = await ownServerFor(t, 'redis', {
    ...kept,
    'cluster-enabled': 'yes',
    'cluster-announce-ip': '127.0.0.1',
  })
  if (own === undefined) return
  const admin = await ioRedis(own.url)
  t.after(() => admin.close())
  const tell = admin.client as unknown as Sends
  await tell.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!String(await tell.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  const { port } = new URL(own.url)
  const one = createCluster({ rootNodes: [{ url: own.url }] })
  await one.on('error', () => undefined).connect()
  t.after(() => one.destroy())
  const two = new Cluster([{ host: '127.0.0.1', port: Number(port) }])
  t.after(() => two.disconnect())
  for (const client of [one, two]) {
    const store = redisStore(client)
    await store.prepare()
    for (const group of ['points', 'mails', 'texts']) {
      const asked = { ...request('a'), ...identity('a', group) }
      const [claim] = await store.leases.claim([asked], terms)
      assert.ok(claim?.kind === 'granted')
      await store.leases.settle(claim.lease, completed())
      await store.inspector.act(asked, { kind: 'forget', who: 'Zoë', why: '' })
    }
    const held = await redisLock(client).acquire('a', { waitMs: 0 })
    assert.ok(held)
    await held.release()
  }
})
