import assert from 'node:assert/strict'
import test from 'node:test'
import { SemelError } from 'semel'
import { memoryStore } from 'semel/memory'
import { room, until } from '../flow/kit.ts'
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))
function rng(seed: number) { return () => { seed = (seed * 1664525 + 1013904223) >>> 0; return seed / 2 ** 32 } }
function faulty(store: any, rand: () => number, p: number, codes: string[]) {
  const on = { v: true }
  const boom = (unknown: boolean) => new SemelError((unknown ? 'SEMEL_OUTCOME_UNKNOWN' : codes[Math.floor(rand() * codes.length)]) as any, 'fuzz')
  const wrap = (o: any, names: string[]) => ({ ...o, ...Object.fromEntries(names.map((n) => [n, async (...a: any[]) => { if (on.v && rand() < p) throw boom(false); const x = await o[n](...a); if (on.v && rand() < p) throw boom(true); return x }])) })
  return { on, store: { ...store, leases: wrap(store.leases, ['claim', 'settle', 'bury', 'release', 'insert', 'read', 'renew']), parking: wrap(store.parking, ['due', 'usage']),
    transactions: { ...store.transactions, open: async (w: any) => { if (on.v && rand() < p) throw boom(false); const x = await store.transactions.open((o: any) => { const f = (n: string) => async (...a: any[]) => { if (on.v && rand() < p / 2) throw boom(false); return o[n](...a) }; return w({ ...o, insert: f('insert'), read: f('read'), settle: f('settle'), parkedIn: f('parkedIn'), withdraw: f('withdraw'), seal: f('seal') }) }); if (on.v && rand() < p) throw boom(true); return x } } } }
}
const seeds = (process.env.SEEDS ?? '1,2,3,4,5,6').split(',').map(Number)
const codes = (process.env.CODES ?? 'SEMEL_STORE_CONTENDED').split(',')
for (const seed of seeds) test(`fuzz ${seed}`, async (t) => {
  const rand = rng(seed); const inner = memoryStore(); const f = faulty(inner, rand, 0.08, codes)
  const r = room(t, f.store)
  const plan: any[] = []
  for (let i = 0; i < 150; i++) { const lane = Math.floor(rand() * 8); plan.push({ id: `k${String(i).padStart(4, '0')}`, lane: lane === 7 ? undefined : lane, fails: rand() < 0.15 ? 1 + Math.floor(rand() * 3) : 0 }) }
  const sentIds: string[] = []
  const left = new Map(plan.map((p) => [p.id, p.fails]))
  for (const p of plan) { await r.send(p); sentIds.push(p.id); if (rand() < 0.1) await r.send(p) }
  let c = await r.consume((m: any, { tx }: any) => { const b = m.body; const n = left.get(b.id)!; if (n > 0) { left.set(b.id, n - 1); throw new Error('no') } tx.set('ledger', String(tx.all('ledger').length).padStart(5, '0'), b.id) },
    { orderedBy: (m: any) => m.body.lane ?? undefined, attemptsMax: 1000, circuitFailures: seed % 2 ? 3 : 1000, circuitMs: 10, batchMax: [1, 2, 7, 200, 1000][seed % 5], prefetchMax: [1, 3, 400][seed % 3], leaseMs: 200, retryDelayMs: 3, retryDelayMsMax: 5, parkedPollMs: 10 })
  const pauses = (async () => { for (let i = 0; i < 10; i++) { await wait(20 * rand()); c.pause(); await wait(5); c.resume() } })()
  const ledger = async () => (await inner.transactions!.open(async (o) => { const { tx, end } = o.forHandler(); const a = tx.all('ledger').map(([, v]) => String(v)); end(); return a }))
  await pauses
  setTimeout(() => { f.on.v = false }, 6000).unref()
  try { await until(async () => (await ledger()).length >= plan.length && c.status().inHand === 0, 'all applied', 11000) } catch (e) {
    const recs = await r.records(); const l = await ledger()
    console.log('STUCK', seed, c.status(), plan.filter((p) => !l.includes(p.id)).map((p) => [p.id, p.lane, recs[p.id]?.state, recs[p.id]?.reason, recs[p.id]?.leftMs, recs[p.id]?.place]).slice(0, 12)); throw e }
  const l = (await inner.transactions!.open(async (o) => { const { tx, end } = o.forHandler(); const a = tx.all('ledger').toSorted((x, y) => x[0] < y[0] ? -1 : 1).map(([, v]) => String(v)); end(); return a }))
  assert.equal(new Set(l).size, l.length, 'twice'); assert.equal(l.length, plan.length)
  for (let lane = 0; lane < 7; lane++) { const want = plan.filter((p) => p.lane === lane).map((p) => p.id); assert.deepEqual(l.filter((id) => want.includes(id)), want, `lane ${lane}`) }
})
