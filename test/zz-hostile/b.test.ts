import assert from 'node:assert/strict'
import test from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeadLetter, SemelError, createConsumer, on, unchecked } from 'semel'
import { memoryStore } from 'semel/memory'
import { sqliteStore, sqliteSource, sqlitePublisher } from 'semel/sqlite'
import { ledger, room, until } from '../flow/kit.ts'
const idOf = (m: any) => m.body.id as string
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))
const many = { attemptsMax: 1000, circuitFailures: 1000 }

test('R6 a stop while a parked batch is decoded leaks no lease', async (t) => {
  const store = memoryStore(); let renewed = 0, slow = false, count = 0
  const s2 = { ...store, leases: { ...store.leases, renew: async (l: any, ms: any) => { renewed++; return store.leases.renew(l, ms) } } }
  const r = room(t, s2 as any)
  for (const id of ['a', 'b', 'c']) await r.send({ id })
  const c = await r.consume(() => { throw new Error('no') }, { ...many, drainMs: 50, parkedPollMs: 500, leaseMs: 300,
    decode: (b: Uint8Array) => { const v = JSON.parse(Buffer.from(b).toString()); return slow && count++ > 0 ? new Promise(() => {}) : v } } as any)
  await r.happened('parked', 3)
  slow = true
  await until(() => count > 1, 'decoding')
  await c.stop()
  await wait(300); const before = renewed
  await wait(2000)
  const recs = await r.records()
  assert.deepEqual({ renewed: renewed - before }, { renewed: 0 }, JSON.stringify(Object.values(recs).map((x: any) => [x.state, x.leftMs])))
})
test('R6b a store error while a parked batch is claimed leaves nobody leased for ever', async (t) => {
  const store = memoryStore(); let broken = false, fail = 1
  const s2 = { ...store, leases: { ...store.leases, settle: async (l: any, o: any) => { if (o.state === 'dead' && fail-- > 0) throw new SemelError('SEMEL_STORE_UNAVAILABLE', 'away'); return store.leases.settle(l, o) } } }
  const r = room(t, s2 as any)
  let down = true
  for (const id of ['a', 'b', 'c']) await r.send({ id })
  await r.consume((m, x) => { if (down) throw new Error('no'); ledger(m, x) }, { ...many, parkedPollMs: 300, leaseMs: 300,
    decode: (b: Uint8Array) => { const v = JSON.parse(Buffer.from(b).toString()); if (broken && v.id === 'b') throw new Error('schema'); return v } } as any)
  await r.happened('parked', 3)
  broken = true; down = false
  await r.happened('applied', 2).catch(() => {})
  const recs = await r.records()
  assert.deepEqual((await r.ledger()).map((l) => l.split(' ')[0]).toSorted(), ['a', 'c'], JSON.stringify(Object.entries(recs).map(([k, x]: any) => [k, x.state, x.leftMs])))
})
test('R10 async tenant that rejects ends no process', async (t) => {
  const r = room(t)
  let seen: unknown
  const h = (e: unknown) => { seen = e }
  process.on('unhandledRejection', h); t.after(() => { process.off('unhandledRejection', h) })
  await r.send({ id: 'a' })
  await r.consume(ledger, { tenant: async () => { throw new Error('tenant service away') } } as any)
  await r.happened('dead'); await wait(20)
  assert.equal(seen, undefined)
})
test('R10b async fingerprint that rejects ends no process', async (t) => {
  const r = room(t)
  let seen: unknown
  const h = (e: unknown) => { seen = e }
  process.on('unhandledRejection', h); t.after(() => { process.off('unhandledRejection', h) })
  await r.send({ id: 'a' })
  await r.consume(ledger, { fingerprint: async () => { throw new Error('away') } } as any)
  await r.happened('dead'); await wait(20)
  assert.equal(seen, undefined)
})
test('R11 a memory transaction reads the null that it wrote', async () => {
  const s = memoryStore()
  await s.transactions!.open(async (o) => { const { tx, end } = o.forHandler(); tx.set('t', 'k', 1); end() })
  await s.transactions!.open(async (o) => { const { tx, end } = o.forHandler(); tx.set('t', 'k', null); assert.equal(tx.get('t', 'k'), null); end() })
})
test('R12 odd errors stop nobody', async (t) => {
  const r = room(t)
  const odd: unknown[] = [undefined, null, 0, '', Symbol('x'), () => 1, Object.create(null), new Proxy({}, { get() { throw 1 }, has() { throw 2 }, getPrototypeOf() { throw 3 } }),
    { '~semel': 'error' }, { '~semel': 'error', code: '__proto__' }, { '~semel': 'error', get code() { throw new Error('gotcha') } }, { '~semel': 'retry-later', delayMs: {} }, new SemelError('NOPE' as any, 'x'), Promise.reject(new Error('p'))]
  ;(odd.at(-1) as Promise<unknown>).catch(() => {})
  for (let i = 0; i < odd.length; i++) await r.send({ id: `m${i}` })
  await r.send({ id: 'end' })
  const c = await r.consume((m, x) => { const n = Number(idOf(m).slice(1)); if (!Number.isNaN(n)) throw odd[n]; ledger(m, x) }, { attemptsMax: 2, circuitFailures: 1000 })
  const e = await Promise.race([c.ended, until(() => r.events.filter((e) => e === 'dead').length >= odd.length && r.events.includes('applied'), 'all dead').then(() => 'runs', (x) => x)])
  assert.equal(e, 'runs', r.events.join())
})
test('R13 bad messages of an interleaved batch cost one round', async (t) => {
  const r = room(t); let calls = 0
  await r.send({ id: 'w' })
  const c = await r.consume((m, x) => { calls++; if (idOf(m).startsWith('bad')) throw new DeadLetter('b'); ledger(m, x) }, { independentBy: (m: any) => m.body.id, batchWaitMs: 300, ...many } as any)
  for (let i = 0; i < 200; i++) await r.send({ id: `warm${i}` })
  await r.happened('applied', 201)
  c.pause(); calls = 0
  for (let i = 0; i < 100; i++) { await r.send({ id: `good${i}` }); await r.send({ id: `bad${i}` }) }
  c.resume()
  await r.happened('dead', 100); await r.happened('applied', 301)
  assert.ok(calls < 1000, `${calls} handler calls for 200 messages`)
})
test('R15 bad answers of handlerBatch', async (t) => {
  for (const [at, answer] of [ { failed: 'abc' }, { failed: 5 }, { failed: [null] }, { failed: [undefined] }, { failed: [{}] }, { failed: null }, { failed: {} }, { failed: new Set([1]) }, [], 'x', 7, { get failed() { throw new Error('g') } } ].entries()) {
    const r = room(t)
    for (const id of ['a', 'b', 'c']) await r.send({ id })
    const seen: number[] = []
    const c = await r.consume(ledger, { handler: undefined, handlerBatch: (ms: any, { tx }: any) => { seen.push(ms.length); for (const m of ms) tx.set('ledger', m.body.id, m.body.id); return ms.some((m: any) => m.body.id === 'b') ? answer : undefined }, attemptsMax: 2, batchWaitMs: 50 } as any)
    await until(async () => Object.keys(await r.records()).length === 3 && Object.values(await r.records()).every((x) => x.state === 'completed' || x.state === 'dead'), `settled ${at}`)
    t.diagnostic(`${at} ${JSON.stringify(await r.ledger())} ${c.status().state} ${Object.values(await r.records()).map((x) => x.state)}`)
    await c.stop()
  }
})
test('R3 sqlite: order in a lane does not depend on keys', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'semel-h-')); const file = join(folder, 'x.db')
  const db = new DatabaseSync(file); db.exec('pragma journal_mode=wal; create table line (seq integer primary key, id text)')
  const pub = sqlitePublisher(file, { topic: 's' }); const store = sqliteStore(file)
  await pub.send({ body: { id: 'head' } })
  let down = true; let parked = 0, applied = 0
  const offs = [on('parked', (e) => { if (e.group === 'h3') parked++ }), on('applied', (e) => { if (e.group === 'h3') applied++ })]
  const c = createConsumer({ group: 'h3', source: sqliteSource(file, { topic: 's' }), store, body: unchecked<{ id: string }>(), key: ({ body }) => body.id, orderedBy: () => 'L', retryDelayMs: 20, retryDelayMsMax: 20, parkedPollMs: 20, ...many,
    handler({ body }, { tx }) { if (down && body.id === 'head') throw new Error('no'); tx.prepare('insert into line (id) values (?)').run(body.id) } })
  t.after(async () => { await c.stop(); await pub.close(); await store.close(); for (const o of offs) o(); db.close(); rmSync(folder, { recursive: true }) })
  await c.start()
  await until(() => parked >= 1, 'head parked')
  const ids = [...'zyxwvutsrqponm']
  await pub.sendBatch(ids.map((id) => ({ body: { id } })))
  await until(async () => (await store.inspector.list({ limit: 100 })).length === 15, 'all')
  down = false
  await until(() => applied === 15, 'applied')
  assert.deepEqual(db.prepare('select id from line order by seq').all().map((x: any) => x.id), ['head', ...ids])
})
