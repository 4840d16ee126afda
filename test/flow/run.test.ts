import assert from 'node:assert/strict'
import test from 'node:test'
import { isSemelError, semel } from 'semel'
import { leaseOnlyStore, memoryStore } from 'semel/memory'
import { marker } from 'semel/strategies'

const group = 'points'

test('a key is performed once; the second call gets the same result', async () => {
  const store = memoryStore()
  const points = semel({ group, store })
  let performed = 0
  const grant = () =>
    points.run(['order-paid', 17], ({ tx }) => {
      tx.set('points', '17', 30)
      return { total: 30, nothing: undefined, call: ++performed }
    })
  assert.deepEqual(await grant(), { total: 30, call: 1 })
  assert.deepEqual(await grant(), { total: 30, call: 1 })
  assert.equal(performed, 1)
})

test('P1: a number, a bigint and a decimal string are one key', async () => {
  const points = semel({ group, store: memoryStore() })
  const keys = [7, 7n, '7']
  const results = []
  for (const key of keys) results.push(await points.run(key, () => results.length))
  assert.deepEqual(results, [0, 0, 0])
})

test('a function that throws leaves nothing behind, and the next call tries again', async () => {
  const store = memoryStore()
  const points = semel({ group, store })
  const failing = points.run('a', ({ tx }) => {
    tx.set('points', 'a', 1)
    throw new RangeError('no')
  })
  await assert.rejects(failing, RangeError)
  assert.deepEqual(await store.inspector.list({ limit: 9 }), [])
  const seen = await points.run('a', ({ tx, attempt }) => ({
    row: tx.get('points', 'a') ?? null,
    attempt,
  }))
  assert.deepEqual(seen, { row: null, attempt: 1 })
})

test('a result that is undefined is replayed as undefined', async () => {
  const points = semel({ group, store: memoryStore() })
  assert.equal(await points.run('a', async () => {}), undefined)
  const again = await points.tryRun('a', async () => {})
  assert.deepEqual(again, { kind: 'completed', result: undefined, replayed: true })
})

test('another fingerprint under a known key is a mismatch, and has no effect', async () => {
  const points = semel({ group, store: memoryStore() })
  await points.run('a', () => 1, { fingerprint: { amount: 100, currency: 'EUR' } })
  assert.equal(
    await points.run('a', () => 2, { fingerprint: { currency: 'EUR', amount: 100 } }),
    1,
    'the order of members does not matter',
  )
  const other = points.run('a', () => 2, { fingerprint: { amount: 101, currency: 'EUR' } })
  await assert.rejects(other, { code: 'SEMEL_MISMATCHED' })
})

test('groups, keyspaces and tenants do not share keys', async () => {
  const store = memoryStore()
  const one = semel({ group: 'one', store })
  const two = semel({ group: 'two', store })
  assert.equal(await one.run('a', () => 1), 1)
  assert.equal(await two.run('a', () => 2), 2)
  assert.equal(await one.run('a', () => 3, { keyspace: 'other' }), 3)
  assert.equal(await one.run('a', () => 4, { tenant: 't' }), 4)
})

test('calls for one key at the same time perform it once', async () => {
  const points = semel({ group, store: memoryStore() })
  let performed = 0
  const call = () => points.run('a', async () => ++performed)
  assert.deepEqual(await Promise.all([call(), call(), call(), call()]), [1, 1, 1, 1])
})

test('a follower performs when its leader has failed', async () => {
  const points = semel({ group, store: memoryStore() })
  let calls = 0
  const call = () =>
    points.run('a', async () => {
      if (++calls === 1) throw new Error('first')
      return calls
    })
  const [first, second] = await Promise.allSettled([call(), call()])
  assert.equal(first.status, 'rejected')
  assert.deepEqual(second, { status: 'fulfilled', value: 2 })
})

for (const [name, make, code] of [
  ['circular', () => circle(), 'SEMEL_RESULT_INVALID'],
  ['a date', () => new Date() as never, 'SEMEL_RESULT_INVALID'],
  ['not finite', () => Number.NaN, 'SEMEL_RESULT_INVALID'],
  ['too large', () => 'x'.repeat(70_000), 'SEMEL_RESULT_TOO_LARGE'],
] as const) {
  test(`a result that is ${name} is refused before anything is committed`, async () => {
    const store = memoryStore()
    const points = semel({ group, store })
    const call = points.run('a', ({ tx }) => {
      tx.set('points', 'a', 1)
      return make()
    })
    await assert.rejects(call, { code })
    assert.equal(
      await points.run('b', ({ tx }) => (tx.get('points', 'a') as null) ?? 'nothing'),
      'nothing',
    )
    assert.equal(await points.run('a', () => 5), 5)
  })
}

test('a handler that outlives performMsMax fails, and its late writes are refused', async () => {
  const store = memoryStore()
  const points = semel({ group, store, performMsMax: 20 })
  const late = Promise.withResolvers<unknown>()
  const call = points.run('a', async ({ tx, signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    queueMicrotask(() => setImmediate(() => late.resolve(attempt(() => tx.set('points', 'a', 1)))))
    await new Promise(() => {})
  })
  await assert.rejects(call, { code: 'SEMEL_HANDLER_TIMEOUT' })
  assert.ok(isSemelError(await late.promise, 'SEMEL_TX_OVER'))
  assert.equal(await points.run('a', () => 'free'), 'free')
})

test('an aborted call commits nothing', async () => {
  const points = semel({ group, store: memoryStore() })
  const stop = new AbortController()
  const call = points.run('a', () => new Promise<number>(() => {}), { signal: stop.signal })
  setImmediate(() => stop.abort(new Error('gone home')))
  await assert.rejects(call, { message: 'gone home' })
  assert.equal(await points.run('a', () => 1), 1)
})

test('runIn joins the transaction of its caller: both commit or neither does', async () => {
  const store = memoryStore()
  const orders = semel({ group: 'orders', store })
  const points = semel({ group: 'points', store })
  const broken = orders.run('o', async ({ tx }) => {
    await points.runIn(tx, 'p', ({ tx }) => tx.set('points', 'p', 1))
    throw new Error('after')
  })
  await assert.rejects(broken, { message: 'after' })
  await orders.run('o', async ({ tx }) => {
    assert.equal(tx.get('points', 'p'), undefined)
    assert.equal(await points.runIn(tx, 'p', () => 7), 7)
    assert.equal(await points.runIn(tx, 'p', () => 8), 7, 'the second call is answered')
  })
  assert.equal(await points.run('p', () => 9), 7)
})

test('runIn whose function throws takes back what it did, and the caller may go on', async () => {
  const store = memoryStore()
  const orders = semel({ group: 'orders', store })
  const points = semel({ group: 'points', store })
  await orders.run('o', async ({ tx }) => {
    const inner = points.runIn(tx, 'p', ({ tx }) => {
      tx.set('points', 'p', 1)
      throw new Error('inner')
    })
    await assert.rejects(inner, { message: 'inner' })
    assert.equal(tx.get('points', 'p'), undefined)
    tx.set('orders', 'o', 1)
  })
  assert.equal(await points.run('p', ({ tx }) => tx.get('orders', 'o') as number), 1)
})

test('P30: run for a key that an open transaction has claimed by runIn is refused', async () => {
  const store = memoryStore()
  const orders = semel({ group: 'orders', store })
  const points = semel({ group: 'points', store })
  await orders.run('o', async ({ tx }) => {
    await points.runIn(tx, 'p', () => 7)
    await assert.rejects(
      points.run('p', () => 8),
      { code: 'SEMEL_RUN_NESTED' },
    )
  })
  assert.equal(await points.run('p', () => 8), 7)
})

test('P30: runIn does not wait for a record that is leased or failed', async () => {
  const store = memoryStore()
  const mails = semel({ group, store, strategy: marker({ because: 'test' }) })
  const points = semel({ group, store })
  await assert.rejects(mails.run('p', () => Promise.reject(new Error('no'))))
  await points.run('o', async ({ tx }) => {
    await assert.rejects(
      points.runIn(tx, 'p', () => 1),
      { code: 'SEMEL_RECORD_UNSETTLED' },
    )
  })
})

test('without transactions a strategy of level A is refused', () => {
  assert.throws(() => semel({ group, store: leaseOnlyStore() }), {
    code: 'SEMEL_TRANSACTIONS_MISSING',
  })
})

test('an unknown option is refused with the nearest name, a number out of range with its range', () => {
  const store = memoryStore()
  assert.throws(() => semel({ group, store, leaseMS: 1 } as never), {
    code: 'SEMEL_OPTION_UNKNOWN',
    message: /did you mean "leaseMs"/,
  })
  assert.throws(() => semel({ group, store, leaseMs: 1 }), {
    code: 'SEMEL_OPTION_INVALID',
    message: /100 to 3600000/,
  })
})

function circle(): never {
  const circle: { self?: unknown } = {}
  circle.self = circle
  return circle as never
}

function attempt(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
