import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { semel, type Store } from 'semel'
import type { MemoryTransaction } from 'semel/memory'
import { sqliteStore } from 'semel/sqlite'
import { scratch } from '../unit/sqlite-kit.ts'
import { desk, type EveryKind, everyKind, farSide } from './effects-kit.ts'

const crashed = new Error('crashed on purpose')

/** What is committed. */
async function booked({
  store,
}: {
  readonly store: Store<MemoryTransaction>
}): Promise<readonly unknown[]> {
  const rows = await store.transactions?.open(async (open) => open.forHandler().tx.all('bookings'))
  return (rows ?? []).map(([, row]) => row)
}

test('the final transaction commits with the record; its result is the one of the handler', async () => {
  const far = farSide()
  const here = desk(everyKind(far))
  const run = () =>
    here.once.run('A-17', async ({ effects, transaction }) => {
      const { receipt } = await effects.charge(far.call)
      const before = await transaction((tx) => {
        tx.set('bookings', 'A-17', { receipt })
        return tx.all('bookings').length
      })
      return { before }
    })
  assert.deepEqual([await run(), await run()], [{ before: 1 }, { before: 1 }])
  assert.deepEqual(await booked(here), [{ receipt: 1 }])
  assert.equal((await here.record()).state, 'completed')
  assert.deepEqual(await here.steps(), [])
})

test('what is thrown in it or after it takes it back, also when it is caught; effects stay recorded', async () => {
  const far = farSide()
  const here = desk(everyKind(far))
  const run = (how: 'inside' | 'after' | 'swallowed' | 'well') =>
    here.once.run('A-17', async ({ effects, transaction }) => {
      const { receipt } = await effects.charge(far.call)
      const work = transaction((tx) => {
        tx.set('bookings', 'A-17', { receipt })
        if (how === 'inside' || how === 'swallowed') throw crashed
      })
      await (how === 'swallowed' ? work.catch(() => undefined) : work)
      if (how === 'after') throw crashed
      return receipt
    })
  for (const how of ['inside', 'after', 'swallowed'] as const) {
    await assert.rejects(run(how), crashed, how)
    assert.deepEqual(await booked(here), [], how)
    assert.equal((await here.record()).state, 'failed', how)
  }
  assert.equal(await run('well'), 1)
  assert.deepEqual(await booked(here), [{ receipt: 1 }])
  assert.equal(far.effects.length, 1)
})

test('it is the last and the only one: all else is refused, and nothing is committed', async () => {
  const wrong: Readonly<Record<string, (given: Given) => Promise<unknown>>> = {
    'called twice': async ({ transaction }) => [await transaction(book), await transaction(book)],
    'after the final': async ({ transaction, effects }) => [
      await transaction(book),
      await effects.mail(async () => 1),
    ],
    'under way': async ({ transaction, effects }) =>
      Promise.all([effects.mail(async () => 1), transaction(book)]),
    'given a function': async ({ transaction }) => transaction(1 as never),
  }
  for (const [says, handler] of Object.entries(wrong)) {
    const here = desk(everyKind(farSide()))
    const swallowing = here.once.run('A-17', async (given) => {
      await handler(given).catch(() => undefined)
    })
    await assert.rejects(
      swallowing,
      { code: 'SEMEL_EFFECT_REFUSED', message: new RegExp(says) },
      says,
    )
    assert.deepEqual(await booked(here), [], says)
  }
})

test('it need not be awaited; its object is over when its work is', async () => {
  const here = desk(everyKind(farSide()))
  let kept: MemoryTransaction | undefined
  let forgotten: unknown
  await here.once.run('A-17', ({ transaction }) => {
    forgotten = transaction(async (tx) => {
      kept = tx
      await new Promise(setImmediate)
      book(tx)
    })
  })
  assert.ok(forgotten)
  assert.equal((await booked(here)).length, 1)
  assert.throws(() => kept?.all('bookings'), { code: 'SEMEL_TX_OVER' })
  await assert.rejects(
    here.once.run('A-18', ({ transaction }) => void transaction(() => Promise.reject(crashed))),
    crashed,
  )
})

test('wanted after the handler has returned, it is refused, and nothing is committed', async () => {
  const here = desk(everyKind(farSide()))
  const late = Promise.withResolvers<unknown>()
  await here.once.run('A-17', ({ transaction }) => {
    setImmediate(() => late.resolve(transaction(book).catch((error: unknown) => error)))
  })
  assert.match(String(await late.promise), /the handler has returned/)
  assert.deepEqual(await booked(here), [])
})

test('who was taken over before the commit is fenced, and its rows are taken back', async () => {
  const here = desk(everyKind(farSide()))
  const run = here.once.run('A-17', async ({ transaction }) => {
    await here.store.inspector.act(await here.record(), {
      kind: 'release',
      who: 'Zoë',
      why: 'test',
    })
    await transaction(book)
  })
  await assert.rejects(run, { code: 'SEMEL_FENCED' })
  assert.deepEqual(await booked(here), [])
})

test('given up in the middle of it, it is rolled back', async () => {
  const here = desk(everyKind(farSide()), { performMsMax: 30 })
  const run = here.once.run('A-17', ({ transaction }) =>
    transaction((tx) => {
      book(tx)
      return new Promise<never>(() => {})
    }),
  )
  await assert.rejects(run, { code: 'SEMEL_HANDLER_TIMEOUT' })
  assert.deepEqual(await booked(here), [])
})

test('on SQLite effects wait as long as they like, and the transaction does not', async (t) => {
  const { file, keep } = scratch(t)
  const far = farSide()
  const store = keep(sqliteStore(file))
  const shop = new DatabaseSync(file)
  t.after(() => shop.close())
  shop.exec('create table booking (id text, receipt integer) strict')
  const once = semel({ group: 'shop', store, effects: everyKind(far), retryDelayMs: 0 })
  const run = (waits: boolean) =>
    once.run('A-17', async ({ effects, transaction }) => {
      const { receipt } = await effects.charge(
        async (key) => (await new Promise(setImmediate), far.call(key)),
      )
      await transaction((tx) =>
        tx.prepare('insert into booking values (?, ?)').run('A-17', receipt),
      )
      if (waits) await new Promise((resolve) => setTimeout(resolve, 30))
      return { receipt }
    })
  await assert.rejects(run(true), { code: 'SEMEL_SQLITE_WAITED' })
  assert.equal(shop.prepare('select count(*) as n from booking').get()?.['n'], 0)
  assert.deepEqual([await run(false), await run(false)], [{ receipt: 1 }, { receipt: 1 }])
  assert.equal(shop.prepare('select count(*) as n from booking').get()?.['n'], 1)
  assert.equal(far.effects.length, 1)
})

type Given = Parameters<Parameters<ReturnType<typeof desk<EveryKind>>['once']['run']>[1]>[0]

function book(tx: MemoryTransaction): void {
  tx.set('bookings', `${tx.all('bookings').length}`, 1)
}
