import assert from 'node:assert/strict'
import test from 'node:test'
import { DeadLetter, semel } from 'semel'
import { leaseOnlyStore } from 'semel/memory'
import { marker } from 'semel/strategies'

const group = 'points'

test('level C: what throws leaves a failed record with its attempt; the retry is held until it is due', async () => {
  const store = leaseOnlyStore()
  const mails = semel({
    group,
    store,
    strategy: marker({ because: 'a second mail does no harm' }),
    retryDelayMs: 40,
    heldWaitMs: 0,
  })
  await assert.rejects(
    mails.run('a', () => Promise.reject(new Error('smtp'))),
    { message: 'smtp' },
  )
  const [record] = await store.inspector.list({ limit: 9 })
  assert.equal(record?.state, 'failed')
  assert.equal(record.attempts, 1)
  const early = await mails.tryRun('a', () => 1)
  assert.equal(early.kind, 'held')
  const patient = semel({ group, store, strategy: marker({ because: 'same' }), heldWaitMs: 5_000 })
  assert.equal(await patient.run('a', ({ attempt }) => attempt), 2)
  assert.equal(mails.assurance.level, 'C')
  assert.match(mails.assurance.because.join(), /a second mail does no harm/)
})

test('level C: DeadLetter and used up attempts both end dead', async () => {
  const store = leaseOnlyStore()
  const strategy = marker({ because: 'test' })
  const mails = semel({ group, store, strategy, attemptsMax: 2, retryDelayMs: 0 })
  await assert.rejects(mails.run('a', () => Promise.reject(new DeadLetter('no such address'))))
  await assert.rejects(
    mails.run('a', () => 1),
    { code: 'SEMEL_DEAD' },
  )
  const fail = () => mails.run('b', () => Promise.reject(new Error('smtp')))
  await assert.rejects(fail(), { message: 'smtp' })
  await assert.rejects(fail(), { message: 'smtp' })
  await assert.rejects(fail(), { code: 'SEMEL_DEAD' })
})

test('level C: a lease is renewed while the handler runs, and others are held', async () => {
  const store = leaseOnlyStore()
  const options = { group, store, strategy: marker({ because: 'test' }), leaseMs: 100 }
  const slow = semel(options)
  const other = semel({ ...options, store: sameRecords(store), heldWaitMs: 0 })
  const done = Promise.withResolvers<void>()
  let renewals = 0
  const renew = store.leases.renew
  Object.assign(store.leases, {
    renew: async (...given: Parameters<typeof renew>) => {
      if (++renewals > 5) done.resolve()
      return renew(...given)
    },
  })
  const running = slow.run('a', () => done.promise.then(() => 'slow'))
  await new Promise((resolve) => setImmediate(resolve))
  await assert.rejects(
    other.run('a', () => 'other'),
    { code: 'SEMEL_HELD' },
  )
  assert.equal(await running, 'slow')
  assert.equal(await other.run('a', () => 'other'), 'slow')
})

test('level C: a handler whose lease cannot be renewed is told to stop before the lease ends', async () => {
  const store = leaseOnlyStore()
  const mails = semel({ group, store, strategy: marker({ because: 'test' }), leaseMs: 100 })
  Object.assign(store.leases, { renew: async () => Promise.reject(new Error('cut')) })
  const begun = performance.now()
  await assert.rejects(
    mails.run('a', () => new Promise<never>(() => {})),
    { code: 'SEMEL_LEASE_LOST' },
  )
  assert.ok(performance.now() - begun < 300)
})

/** The same records through another store object, as another process sees them. */
function sameRecords<S extends object>(store: S): S {
  return { ...store }
}
