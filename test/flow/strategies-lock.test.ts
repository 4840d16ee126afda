import assert from 'node:assert/strict'
import test from 'node:test'
import { type Message, semel, SemelError } from 'semel'
import { leaseOnlyStore, memoryStore } from 'semel/memory'
import { fenced, inbox, type Lock, marker, uniqueRow, withLock } from 'semel/strategies'
import { coded, lineOf, onEach, plain, tables, until } from './strategies-kit.ts'

/** A lock in memory whose grants can be watched and broken. */
interface TestLock extends Lock {
  readonly log: string[]
  /** Ends whatever is held, as a pause of the process would. */
  lose(): void
  /** Somebody else takes it, until the function that it answers is called. */
  block(resource: string): () => void
}

function testLock(): TestLock {
  const held = new Map<string, AbortController>()
  const log: string[] = []
  let token = 0n
  return {
    name: 'test',
    log,
    async acquire(resource, { waitMs, signal }) {
      const name = String(resource)
      const deadline = performance.now() + waitMs
      while (held.has(name)) {
        signal?.throwIfAborted()
        if (performance.now() >= deadline) return undefined
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      const lost = new AbortController()
      held.set(name, lost)
      log.push(`locked ${name}`)
      return {
        token: ++token,
        signal: lost.signal,
        async release() {
          if (held.get(name) !== lost) return
          held.delete(name)
          log.push(`released ${name}`)
        },
      }
    },
    lose() {
      for (const [name, lost] of held) {
        held.delete(name)
        lost.abort(new SemelError('SEMEL_LOCK_LOST', 'it was lost'))
      }
    },
    block(resource) {
      held.set(resource, new AbortController())
      return () => held.delete(resource)
    },
    close: async () => undefined,
  }
}

interface Order {
  readonly id: string
  readonly seat: string
}
const bySeat = { resource: ({ body }: Message<Order>) => body.seat, waitMs: 20 }

onEach(
  test,
  'a lock is held until after the commit, and its token reaches the handler',
  async (t, shop) => {
    await tables(
      shop,
      'create table seats (seat varchar(10) primary key, fence bigint)',
      "insert into seats values ('1A', null)",
      'create table told (id varchar(10))',
    )
    const lock = testLock()
    const line = lineOf<Order>(t, shop)
    const atRelease: number[] = []
    const { acquire } = lock
    const watching: Lock = {
      ...lock,
      async acquire(resource, terms) {
        const held = await acquire(resource, terms)
        return (
          held && {
            ...held,
            async release() {
              atRelease.push((await shop.sql('select * from told')).length)
              await held.release()
            },
          }
        )
      },
    }
    const consumer = await line.consume({
      strategy: withLock(watching, inbox(), bySeat),
      async handler({ body }, context) {
        const { tx } = context
        await fenced(shop.store, tx, {
          table: 'seats',
          where: { seat: body.seat },
          token: context.lock?.token,
        })
        await shop.exec(tx, 'insert into told values (?)', body.id)
      },
    })
    assert.equal(consumer.assurance.level, 'A')
    await line.send({ id: 'a', seat: '1A' }, { id: 'b', seat: '1A' })
    await line.happened(2, 'applied')
    await until(() => atRelease.length === 2, 'both are released')
    assert.deepEqual(atRelease, [1, 2])
    assert.deepEqual(plain(await shop.sql('select fence from seats')), [{ fence: 2 }])
  },
)

onEach(
  test,
  'a message whose lock is held waits, uncounted, and is never lost',
  async (t, shop) => {
    const lock = testLock()
    const line = lineOf<Order>(t, shop)
    const unblock = lock.block('1A')
    const attempts: number[] = []
    await line.consume({
      strategy: withLock(lock, inbox(), bySeat),
      heldWaitMs: 50,
      handler(_, { attempt }) {
        attempts.push(attempt)
      },
    })
    await line.send({ id: 'a', seat: '1A' }, { id: 'b', seat: '2B' })
    // Its neighbour does not wait for it.
    await line.happened(1, 'applied')
    await line.happened(3, 'held')
    assert.equal(line.count('applied', 'parked', 'failed', 'dead'), 1)
    unblock()
    await line.happened(2, 'applied')
    assert.deepEqual(attempts, [1, 1])
  },
)

onEach(test, 'a parked message waits for its lock, too', async (t, shop) => {
  const lock = testLock()
  const line = lineOf<Order>(t, shop)
  let unblock: (() => void) | undefined
  const attempts: number[] = []
  await line.consume({
    strategy: withLock(lock, inbox(), bySeat),
    heldWaitMs: 50,
    retryDelayMs: 100,
    handler(_, { attempt }) {
      attempts.push(attempt)
      if (attempt === 1) throw new Error('once')
    },
  })
  await line.send({ id: 'a', seat: '1A' })
  await line.happened(1, 'parked')
  unblock = lock.block('1A')
  await line.happened(1, 'held')
  unblock()
  await line.happened(1, 'applied')
  assert.equal(attempts[0], 1)
  assert.equal(line.count('dead'), 0)
})

test('when the lock is lost the handler is stopped, and nobody has failed', async () => {
  const lock = testLock()
  const strategy = withLock(lock, inbox(), { resource: (seat: string) => seat })
  const seats = semel({ group: 'seats', store: memoryStore(), strategy })
  const run = seats.run(
    'a',
    async ({ signal }) => {
      const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve))
      lock.lose()
      await stopped
    },
    { input: '1A' },
  )
  await assert.rejects(run, coded('SEMEL_LOCK_LOST'))
  assert.equal(await seats.run('a', ({ attempt }) => attempt, { input: '1A' }), 1)
})

test('run() under a lock is held by who has it, and works when it is free', async () => {
  const lock = testLock()
  const strategy = withLock(lock, inbox(), { resource: (seat: string) => seat, waitMs: 5 })
  const seats = semel({ group: 'seats', store: memoryStore(), strategy, heldWaitMs: 20 })
  const unblock = lock.block('1A')
  await assert.rejects(
    seats.run('a', () => 1, { input: '1A' }),
    coded('SEMEL_HELD'),
  )
  unblock()
  assert.equal(await seats.run('a', ({ lock }) => String(lock?.token), { input: '1A' }), '1')
  assert.deepEqual(lock.log, ['locked 1A', 'released 1A'])
})

test('runIn() cannot hold a lock until a commit that is not ours', async () => {
  const strategy = withLock(testLock(), inbox(), { resource: (seat: string) => seat })
  const seats = semel({ group: 'seats', store: memoryStore(), strategy })
  await assert.rejects(
    seats.runIn({} as never, 'a', () => 1, { input: '1A' }),
    coded('SEMEL_OPTION_INVALID'),
  )
})

test('a lock is held around an effect elsewhere', async () => {
  const lock = testLock()
  const because = 'a text too many does no harm'
  const strategy = withLock(lock, marker({ because }), { resource: (seat: string) => seat })
  const seats = semel({ group: 'seats', store: leaseOnlyStore(), strategy })
  assert.equal(seats.assurance.level, 'C')
  assert.equal(await seats.run('a', ({ lock }) => String(lock?.token), { input: '1A' }), '1')
  assert.deepEqual(lock.log, ['locked 1A', 'released 1A'])
})

onEach(test, 'a message without a resource is to blame itself', async (t, shop) => {
  await tables(shop, 'create table orders (id varchar(10) primary key)')
  const line = lineOf<Order>(t, shop)
  const rows = uniqueRow({
    table: 'orders',
    unique: ['id'],
    of: ({ body }: Message<Order>) => ({ id: body.id }),
  })
  await line.consume({ strategy: withLock(testLock(), rows, bySeat), attemptsMax: 1 })
  await line.send({ id: 'a' } as Order, { id: 'b', seat: '1A' })
  await line.happened(1, 'dead')
  await line.happened(1, 'applied')
  assert.deepEqual(await shop.sql('select id from orders'), [{ id: 'b' }])
})
