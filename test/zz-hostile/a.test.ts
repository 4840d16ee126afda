import assert from 'node:assert/strict'
import test from 'node:test'
import { DeadLetter, SemelError, semel, createConsumer, on } from 'semel'
import { leaseOnlyStore, memoryStore, memoryQueue, memorySource, memoryPublisher } from 'semel/memory'
import { ledger, room, until, type Options } from '../flow/kit.ts'
const idOf = (m: any) => m.body.id as string
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))

test('R1 interleaved keeps lane order', async (t) => {
  const r = room(t)
  await r.send({ id: 'w' })
  const c = await r.consume(ledger, { orderedBy: () => 'L', independentBy: (m: any) => m.body.v ?? 'x', batchWaitMs: 100 } as any)
  await r.happened('applied', 1)
  c.pause()
  for (let i = 0; i < 12; i++) await r.send({ id: `p${i}` , v: `${9-(i%10)}`})
  c.resume()
  await r.happened('applied', 13)
  assert.deepEqual((await r.ledger()).map((l) => l.split(' ')[0]), ['w', ...Array.from({ length: 12 }, (_, i) => `p${i}`)])
})

test('R2 independentBy that throws for one message does not stop the consumer', async (t) => {
  const r = room(t)
  await r.send({ id: 'a', bad: true }); await r.send({ id: 'b' })
  const c = await r.consume(ledger, { independentBy: (m: any) => { if (m.body.bad) throw new Error('x'); return m.body.id } } as any)
  const ended = await Promise.race([c.ended, wait(3000).then(() => 'runs')])
  assert.equal(ended, 'runs')
})

test('R3 parked behind keeps arrival order whatever the keys', async (t) => {
  const r = room(t)
  let down = true
  await r.send({ id: 'z' })
  const c = await r.consume((m, ctx) => { if (down && idOf(m) === 'z') throw new Error('no'); ledger(m, ctx) }, { orderedBy: () => 'L', attemptsMax: 1000, retryDelayMs: 20, retryDelayMsMax: 20, circuitFailures: 1000 })
  await r.happened('parked', 1)
  const ids = ['y', 'x', 'w', 'v', 'u', 't', 's', 'q', 'p', 'o']
  for (const id of ids) await r.send({ id })
  await until(async () => Object.keys(await r.records()).length === 11, 'all parked')
  down = false
  await r.happened('applied', 11)
  assert.deepEqual((await r.ledger()).map((l) => l.split(' ')[0]), ['z', ...ids])
})

test('R4 lease path keeps lanes', async (t) => {
  const queue = memoryQueue()
  const pub = memoryPublisher(queue, { topic: 'o' })
  let inside = 0, most = 0; const order: string[] = []; let done = 0
  const c = createConsumer({
    group: 'g4', source: memorySource(queue, { topic: 'o' }), store: leaseOnlyStore(),
    strategy: { path: 'lease', level: 'D', name: "x", because: "test", windows: [] } as any,
    key: (m: any) => m.body.id, orderedBy: () => 'L', parkedPollMs: 10,
    handler: async (m: any) => { inside++; most = Math.max(most, inside); await wait(m.body.n % 2 ? 1 : 20); order.push(m.body.id); inside--; done++ },
  } as any)
  t.after(() => c.stop())
  for (let n = 0; n < 30; n++) await pub.send({ body: { id: `${n}`, n } })
  await c.start()
  await until(() => done === 30, 'done')
  assert.equal(most, 1, `handlers of one lane together: ${most}; order ${order}`)
})

test('R5 after a short absence of the store pulling goes on', async (t) => {
  const inner = memoryStore(); let fail = 1
  const store = { ...inner, transactions: { ...inner.transactions!, open: (async (w: any, terms: any) => { if (fail-- > 0) throw new SemelError('SEMEL_STORE_UNAVAILABLE', 'away'); return inner.transactions!.open(w) }) as any } }
  const r = room(t, store)
  await r.send({ id: 'a' })
  const c = await r.consume((m, x) => { if (idOf(m) === 'a') throw new DeadLetter('bad'); ledger(m, x) })
  await r.happened('dead', 1)
  await r.send({ id: 'b' })
  await wait(3000)
  assert.deepEqual({ l: await r.ledger(), s: c.status() }, { l: ['b attempt 1'], s: { state: 'running', inHand: 0, running: 0, waitingFor: [] } })
})

test('R6 a stop while a parked batch is decoded leaks no lease', async (t) => {
  const store = memoryStore(); let renewed = 0, slow = false, count = 0
  const s2 = { ...store, leases: { ...store.leases, renew: async (l: any, ms: any) => { renewed++; return store.leases.renew(l, ms) } } }
  const r = room(t, s2 as any)
  let retry = false
  for (const id of ['a', 'b', 'c']) await r.send({ id })
  const c = await r.consume(() => { throw new Error('no') }, { drainMs: 50, retryDelayMs: 300, retryDelayMsMax: 300, leaseMs: 300, attemptsMax: 1000, circuitFailures: 1000,
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

test('R7 run() inside handlerBatch is refused at once', async (t) => {
  const store = memoryStore()
  const r = room(t, store)
  const s = semel({ group: 'inner7', store })
  const errors: string[] = []; let calls = 0
  await r.send({ id: 'a' })
  await r.consume(ledger, { handler: undefined, performMsMax: 1500, attemptsMax: 1,
    handlerBatch: async (ms: any, { tx }: any) => { calls++; const at = performance.now(); try { await s.run('k', () => 1) } catch (e: any) { errors.push(`${e.code}`); } errors.push(`${Math.round(performance.now() - at)} ms`) } } as any)
  await until(() => errors.length > 0, 'an answer', 8000)
  assert.equal(errors[0], 'SEMEL_RUN_NESTED', errors.join())
})

test('R8 a neighbour that fails does not change what the others are given', async (t) => {
  const r = room(t)
  const sums: Record<string, number> = {}
  await r.send({ id: 'w', cents: 1 })
  const c = await r.consume((m: any, { tx }: any) => {
    m.body.cents *= 100
    if (m.body.id === 'bad') throw new DeadLetter('bad')
    tx.set('ledger', m.body.id, `${m.body.id} ${m.body.cents}`)
  }, { batchWaitMs: 100 })
  await r.happened('applied', 1)
  c.pause(); await r.send({ id: 'x', cents: 1 }); await r.send({ id: 'bad', cents: 1 }); c.resume()
  await r.happened('applied', 2); await r.happened('dead', 1)
  assert.deepEqual((await r.ledger()).toSorted(), ['w 100', 'x 100'])
})

test('R9 batchMsMax bounds a batch where all fail', async (t) => {
  const inner = memoryStore(); let longest = 0
  const store = { ...inner, transactions: { ...inner.transactions!, open: (async (w: any) => { const at = performance.now(); try { return await inner.transactions!.open(w) } finally { longest = Math.max(longest, performance.now() - at) } }) as any } }
  const r = room(t, store)
  for (let i = 0; i < 60; i++) await r.send({ id: `m${i}` })
  let fails = false
  const c = await r.consume(async (m: any, x: any) => { if (!fails) return ledger(m, x); await wait(20); throw new DeadLetter('n') }, { batchMsMax: 50, batchWaitMs: 200, circuitFailures: 1000 })
  await r.happened('applied', 60)
  fails = true; c.pause(); for (let i = 0; i < 50; i++) await r.send({ id: `n${i}` }); c.resume()
  await r.happened('dead', 50)
  assert.ok(longest < 300, `a transaction was open for ${longest} ms`)
})
