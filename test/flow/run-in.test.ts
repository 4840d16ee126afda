import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Once, semel, type Store } from 'semel'
import { memoryStore } from 'semel/memory'
import { sqliteStore } from 'semel/sqlite'
import { clients, rows, scratch, type SqliteTx } from '../unit/sqlite-kit.ts'

/** One door, a transaction of its caller that commits after `work`, and the effects that came of it. */
interface Place {
  readonly points: Once<unknown>
  inTransaction(work: (tx: unknown) => Promise<void>): Promise<void>
  write(tx: unknown, effect: string): void
  effects(): Promise<readonly string[]>
}

const places: readonly (readonly [name: string, make: (context: TestContext) => Promise<Place>])[] =
  [
    ['memory', inMemory],
    ...clients.map(
      ([name, open]) =>
        [
          `${name}, a transaction of its caller`,
          (context: TestContext) => inSqlite(context, open, 'caller'),
        ] as const,
    ),
    ...clients.map(
      ([name, open]) =>
        [
          `${name}, a transaction of ours`,
          (context: TestContext) => inSqlite(context, open, 'ours'),
        ] as const,
    ),
  ]

async function inMemory(): Promise<Place> {
  const store = memoryStore()
  const points = semel({ group: 'points', store })
  const outer = semel({ group: 'outer', store })
  return {
    points: points as Once<unknown>,
    inTransaction: (work) => outer.run('o', ({ tx }) => work(tx)),
    write: (tx, effect) => (tx as { set(...row: unknown[]): void }).set('effects', effect, 1),
    effects: () => outer.run('look', ({ tx }) => tx.all('effects').map(([effect]) => effect)),
  }
}

async function inSqlite(
  context: TestContext,
  open: (typeof clients)[number][1],
  whose: 'caller' | 'ours',
): Promise<Place> {
  const shop = scratch(context, open)
  const store = shop.keep(sqliteStore(shop.file, { open })) as Store
  await store.prepare()
  const caller = open(shop.file) as unknown as SqliteTx
  context.after(() => caller.close())
  caller.exec('create table effects (effect text)')
  const outer = semel({ group: 'outer', store })
  return {
    points: semel({ group: 'points', store }) as Once<unknown>,
    async inTransaction(work) {
      if (whose === 'ours') return outer.run('o', ({ tx }) => work(tx))
      caller.exec('begin immediate')
      await work(caller)
      caller.exec('commit')
    },
    write: (tx, effect) =>
      void (tx as SqliteTx).prepare('insert into effects values (?)').run(effect),
    effects: async () =>
      rows(shop, 'select effect from effects order by rowid').map(({ effect }) => String(effect)),
  }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

for (const [name, make] of places) {
  test(`${name}: of two runIn() at once that fails is taken back alone`, async (context) => {
    const { points, inTransaction, write, effects } = await make(context)
    await inTransaction(async (tx) => {
      const answers = await Promise.allSettled([
        points.runIn(tx, 'a', async ({ tx }) => {
          await turns(5)
          write(tx, 'a')
          return 'done'
        }),
        points.runIn(tx, 'b', async ({ tx }) => {
          write(tx, 'b')
          await turns(50)
          throw new Error('b')
        }),
        points.runIn(tx, 'c', ({ tx }) => write(tx, 'c')),
      ])
      assert.deepEqual(
        answers.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
    })
    assert.deepEqual(await effects(), ['a', 'c'])
    assert.equal(await points.run('a', () => 'again'), 'done')
    assert.equal(await points.run('b', () => 'now'), 'now')
  })

  test(`${name}: runIn() inside runIn() is performed at once, by either transaction object`, async (context) => {
    const { points, inTransaction, write, effects } = await make(context)
    await inTransaction(async (tx) => {
      await points.runIn(tx, 'a', async ({ tx: inner }) => {
        write(inner, 'a')
        const nested = await Promise.allSettled([
          points.runIn(tx, 'b', async ({ tx }) => {
            write(tx, 'b')
            await turns(5)
            throw new Error('b')
          }),
          points.runIn(inner, 'c', ({ tx: innermost }) =>
            points.runIn(innermost, 'd', ({ tx }) => write(tx, 'd')),
          ),
        ])
        assert.deepEqual(
          nested.map(({ status }) => status),
          ['rejected', 'fulfilled'],
        )
      })
    })
    assert.deepEqual(await effects(), ['a', 'd'])
  })

  test(`${name}: with a runIn() that fails everything inside it is taken back`, async (context) => {
    const { points, inTransaction, write, effects } = await make(context)
    await inTransaction(async (tx) => {
      const outer = points.runIn(tx, 'a', async ({ tx: inner }) => {
        await points.runIn(inner, 'b', ({ tx }) => write(tx, 'b'))
        throw new Error('a')
      })
      await assert.rejects(outer, /^Error: a$/)
      await points.runIn(tx, 'c', ({ tx }) => write(tx, 'c'))
    })
    assert.deepEqual(await effects(), ['c'])
    assert.equal(await points.run('b', () => 'now'), 'now')
  })

  test(`${name}: a runIn() that nobody awaits ends before the one around it`, async (context) => {
    const { points, inTransaction, write, effects } = await make(context)
    const floating: Promise<unknown>[] = []
    await inTransaction(async (tx) => {
      await points.runIn(tx, 'a', ({ tx: inner }) => {
        write(inner, 'a')
        floating.push(
          points.runIn(inner, 'b', async ({ tx }) => {
            write(tx, 'b')
            await turns(20)
            throw new Error('b')
          }),
          points.runIn(inner, 'c', async ({ tx }) => {
            await turns(20)
            write(tx, 'c')
          }),
        )
        for (const one of floating) one.catch(() => undefined)
        return 'done'
      })
    })
    const answers = await Promise.allSettled(floating)
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    assert.deepEqual(await effects(), ['a', 'c'])
    assert.equal(await points.run('a', () => 'again'), 'done')
  })

  test(`${name}: run() for a key that the transaction has claimed is refused until it ends`, async (context) => {
    const { points, inTransaction } = await make(context)
    await inTransaction(async (tx) => {
      await points.runIn(tx, 'a', () => 'first')
      await assert.rejects(
        points.run('a', () => 'second'),
        { code: 'SEMEL_RUN_NESTED' },
      )
    })
    assert.equal(await points.run('a', () => 'second'), 'first')
  })
}

test('a runIn() that nobody awaits ends before the transaction that run() commits', async () => {
  const store = memoryStore()
  const points = semel({ group: 'points', store })
  await points.run('o', ({ tx }) => {
    const notAwaited = points.runIn(tx, 'a', async ({ tx }) => {
      await turns(20)
      tx.set('effects', 'a', 1)
    })
    notAwaited.catch(() => undefined)
  })
  assert.equal(await points.run('look', ({ tx }) => tx.get('effects', 'a') as number), 1)
})

test('the first runIn() of a door may come inside a SQLite transaction', async (context) => {
  const { file, keep } = scratch(context)
  const store = keep(sqliteStore(file))
  const orders = semel({ group: 'orders', store })
  const points = semel({ group: 'points', store })
  assert.equal(await orders.run('o', ({ tx }) => points.runIn(tx, 'p', () => 7)), 7)
})

for (const [name, open] of clients)
  test(`${name}: a key that was claimed by runIn() is free when its transaction has ended`, async (context) => {
    const { file, keep } = scratch(context, open)
    const store = keep(sqliteStore(file, { open })) as Store
    const points = semel({ group: 'points', store }) as Once<unknown>
    await store.prepare()
    const caller = open(file)
    context.after(() => caller.close())
    for (const [key, end, expected] of [
      ['a', 'commit', 'first'],
      ['b', 'rollback', 'second'],
    ] as const) {
      caller.exec('begin immediate')
      await points.runIn(caller, key, () => 'first')
      caller.exec(end)
      caller.exec('begin')
      assert.equal(await points.run(key, () => 'second'), expected, end)
      caller.exec('commit')
    }
  })

test('run() inside run() is refused at once where there is one transaction at a time', async () => {
  const store = memoryStore()
  const points = semel({ group: 'points', store })
  const mails = semel({ group: 'mails', store })
  const nested = points.run('outer', async () => {
    await turns(3)
    return mails.run('inner', () => 1)
  })
  const other = points.run('other', () => 'ok')
  await assert.rejects(nested, { code: 'SEMEL_RUN_NESTED' })
  assert.equal(await other, 'ok')
  assert.equal(await mails.run('inner', () => 2), 2)
})

test('run() inside runIn() is refused at once, where it would wait for the caller', async (context) => {
  const { file, keep } = scratch(context)
  const store = keep(sqliteStore(file)) as Store
  await store.prepare()
  const points = semel({ group: 'points', store }) as Once<unknown>
  const [[, open]] = clients as [(typeof clients)[number]]
  const caller = open(file)
  context.after(() => caller.close())
  caller.exec('begin immediate')
  const nested = points.runIn(caller, 'a', () => points.run('b', () => 1))
  await assert.rejects(nested, { code: 'SEMEL_RUN_NESTED' })
  caller.exec('commit')
})

test('what a handler has started may call run() when the handler has ended', async () => {
  const store = memoryStore()
  const points = semel({ group: 'points', store })
  const later = Promise.withResolvers<void>()
  let started: Promise<number> | undefined
  await points.run('outer', () => {
    started = later.promise.then(() => points.run('inner', () => 5))
  })
  later.resolve()
  assert.equal(await started, 5)
})
