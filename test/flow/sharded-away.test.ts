import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Delivery, Source } from 'semel'
import { sharded } from 'semel/sharding'
import { type Arrival, arrivalsOf } from '../../src/consume/arrivals.ts'
import { encodeScope, identityOf, rawIdentity } from '../../src/inbox/identity.ts'
import { type Handler, ledger, room, until } from './kit.ts'
import { byName, cuttable, ledgerIn, three } from './sharded-kit.ts'
import { names } from './sharded-maps.ts'

/** A consumer that has seen enough to hold many messages at once, and then loses a shard. */
async function consumingWithoutB(t: TestContext, isSuspect: (id: string) => boolean = () => false) {
  const stores = three()
  const away = cuttable(stores.b)
  const store = sharded({ ...stores, b: away.store }, { by: byName })
  const { source, ...one } = room(t, store)
  // What is not decoded yet is counted under its bytes, on whichever shard they fall.
  const marked = new Set<string>()
  const isMarked = ({ message }: Delivery): boolean =>
    isSuspect(idOf(message)) &&
    store.shards?.of(rawIdentity(new Uint8Array(), message)) !== 'b' &&
    marked.add(idOf(message)) !== undefined
  const onceFailing: Handler = (message, context) => {
    const { id } = message.body as { readonly id: string }
    if (id.includes('fails') && context.attempt === 1) throw new Error('out of stock')
    return ledger(message, context)
  }
  const consumer = await one.consume(onceFailing, { source: marking(source(), isMarked) })
  for (let at = 0; at < 50; at++) await one.send({ id: `c-warm-${at}` })
  await until(async () => (await ledgerIn(stores.c)).length === 50, 'warm')
  away.cut()
  return { ...one, stores, away, consumer, marked }
}

/** Says of some deliveries that they came before. */
function marking(source: Source, isMarked: (delivery: Delivery) => boolean): Source {
  const marked = (one: Delivery): Delivery => Object.assign(one, { redelivered: isMarked(one) })
  return { ...source, pull: async (...given) => (await source.pull(...given)).map(marked) }
}

function idOf({ body }: Delivery['message']): string {
  return (JSON.parse(Buffer.from(body).toString()) as { readonly id: string }).id
}

test('while one shard is away its messages wait, those of the others go on, and nothing is lost or done twice', async (t) => {
  const { send, stores, away, consumer } = await consumingWithoutB(t)
  for (let at = 0; at < 20; at++) await send({ id: `${names[at % 2]}-${at}` })
  await send({ id: 'a-fails' })
  await until(async () => (await ledgerIn(stores.a)).length === 11, '11 in a')
  for (let at = 20; at < 40; at++) await send({ id: `c-${at}` })
  await until(async () => (await ledgerIn(stores.c)).length === 70, '70 in c')
  assert.deepEqual(await ledgerIn(stores.b), [])
  assert.equal(consumer.status().inHand, 10)
  away.mend()
  await until(async () => (await ledgerIn(stores.b)).length === 10, '10 in b')
  await until(() => consumer.status().inHand === 0, 'all are acknowledged')
  assert.equal((await ledgerIn(stores.a)).length, 11)
})

test('suspects of one shard run alone while another shard is away (P14)', async (t) => {
  const { send, stores, away, consumer, events, marked } = await consumingWithoutB(
    t,
    (id) => id[0] === 'a',
  )
  for (let at = 0; at < 10; at++) await send({ id: `b-${at}` })
  await until(() => consumer.status().inHand === 10, '10 of b in hand')
  const suspects = Array.from({ length: 12 }, (_, at) => ({ body: { id: `a-${at}` } }))
  for (const { body } of suspects) await send(body)
  await until(
    async () => (await ledgerIn(stores.a)).some((line) => marked.has(line.split(' ')[0] ?? '')),
    'the first suspect',
  )
  assert.deepEqual(await ledgerIn(stores.b), [])
  away.mend()
  await until(async () => (await ledgerIn(stores.b)).length === 10, 'b comes after')
  await until(async () => (await ledgerIn(stores.a)).length === 12, 'and all of a')
  assert.equal(events.filter((one) => one === 'applied').length, 72)
})

test('leases on other shards are renewed while one is away (P12)', async (t) => {
  const stores = three()
  const away = cuttable(stores.b)
  const store = sharded({ ...stores, b: away.store }, { by: byName })
  await store.prepare()
  const scope = encodeScope({ group: 'points', keyspace: 'orders' })
  const fingerprint = new Uint8Array([0])
  const requests = ['a-1', 'b-1'].map((key, at) => ({
    ...identityOf(scope, key),
    fingerprint,
    claimId: new Uint8Array(16).fill(at + 1),
    alone: false,
    by: 'run' as const,
  }))
  const claims = await store.leases.claim(requests, { leaseMs: 60_000, attemptsMax: 3 })
  const leases = claims.flatMap((claim) => (claim.kind === 'granted' ? [claim.lease] : []))
  away.cut()
  assert.deepEqual(await store.leases.renew(leases, 60_000), ['renewed', 'unknown'])
  away.mend()
  assert.deepEqual(await store.leases.renew(leases, 60_000), ['renewed', 'renewed'])
  t.after(() => store.close())
})

test('what begins together is of one shard, and of none that is full', () => {
  const arrivals = arrivalsOf(false)
  const identified = { kind: 'identified' } as const
  for (const [number, shard] of ['a', 'b', 'a', 'b', 'c'].entries())
    arrivals.add({ number, shard, identified, suspect: false } as unknown as Arrival)
  const next = (...full: readonly string[]): readonly number[] => {
    const start = arrivals.next(10, new Set(full))
    return start?.kind === 'batch' ? start.arrivals.map(({ number }) => number) : []
  }
  assert.deepEqual(next('a'), [1, 3])
  assert.deepEqual(next('a', 'b'), [4])
  assert.deepEqual(next('a', 'b'), [])
  assert.deepEqual(next(), [0, 2])
})
