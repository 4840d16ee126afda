import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import postgres from 'postgres'
import { semel, type Store } from 'semel'
import type { MemoryTransaction } from 'semel/memory'
import { postgresStore } from 'semel/postgres'
import { type Handler, room, until } from '../flow/kit.ts'
import { coded } from './coded.ts'
import { house, type House } from './kit.ts'
import { libraryOf } from './libraries.ts'

type Tx = postgres.TransactionSql

function promise(text: string, work: (home: House, t: TestContext) => Promise<void>): void {
  test(text, { timeout: 60_000 }, async (t) => {
    const home = await house(t, libraryOf('postgres-js'))
    if (home !== undefined) await work(home, t)
  })
}

promise('a handler uses templates, fragments, helpers and savepoints', async (home) => {
  const table = `${home.schema}.effects`
  await home.points.run('A-17', async (context) => {
    const tx = context.tx as Tx
    const rows = [{ effect: 'a' }, { effect: 'b' }]
    await tx`insert into ${tx(table)} ${tx(rows)} ${tx`returning ${tx('effect')}`}`
    const inner = tx.savepoint(async (sql) => {
      await sql`insert into ${sql(table)} ${sql({ effect: 'c' })}`
      await sql`select 1 / 0`
    })
    await assert.rejects(inner, { code: '22012' })
    await tx.savepoint((sql) => [sql`insert into ${sql(table)} ${sql({ effect: 'd' })}`])
  })
  assert.deepEqual(await home.effects(), ['a', 'b', 'd'])
})

promise('what would end the transaction is refused, however it is written', async (home) => {
  const ways: readonly ((tx: Tx) => unknown)[] = [
    (tx) => tx`commit`,
    (tx) => tx`${tx.unsafe('roll')}back`,
    (tx) => tx`select 1; ${tx`commit`}`,
    (tx) => tx.unsafe('select 1; commit').simple(),
    (tx) => tx.unsafe('abort').execute(),
    (tx) => (tx as unknown as postgres.Sql).begin(() => []),
    (tx) => (tx as unknown as postgres.ReservedSql).release(),
    (tx) => (tx as unknown as postgres.Sql).end(),
    (tx) => tx.file('commit.sql'),
    (tx) => tx.prepare('later'),
  ]
  for (const [at, way] of ways.entries()) {
    const work = home.points.run(`A-${at}`, async ({ tx }) => {
      await home.say(tx, home.effect('A-17'))
      await way(tx as Tx)
    })
    await assert.rejects(work, coded('SEMEL_TX_OURS'), String(at))
  }
  assert.deepEqual([await home.effects(), await home.states()], [[], []])
})

promise('a query that is sent when its message has ended is refused', async (home) => {
  let late: PromiseLike<unknown> | undefined
  await home.points.run('A-17', ({ tx }) => {
    late = home.say(tx, home.effect('late'))
    return 30
  })
  await assert.rejects(Promise.resolve(late), coded('SEMEL_TX_OVER'))
  assert.deepEqual(await home.effects(), [])
})

promise('what comes after a lost connection goes through no other one', async (home) => {
  const others = home.points.run('other', async ({ tx }) => {
    const work = home.points.run('A-17', async (context) => {
      const lost = context.tx as Tx
      await home.say(lost, home.effect('before'))
      const [mine] = await lost<{ pid: number }[]>`select pg_backend_pid() as pid`
      await home.say(tx, `select pg_terminate_backend(${mine?.pid ?? 0})`)
      await until(async () => {
        const found = (await home.say(
          tx,
          `select from pg_stat_activity where pid = ${mine?.pid}`,
        )) as unknown[]
        return found.length === 0
      }, 'its backend has ended')
      // Other queries take new connections, also the one that it had.
      await Promise.all(Array.from({ length: 10 }, () => home.store.inspector.count()))
      await assert.rejects(Promise.resolve(home.say(lost, home.effect('after'))), /CONN/)
      throw new Error('lost')
    })
    await assert.rejects(work, /lost/)
    await home.say(tx, home.effect('other'))
  })
  await others
  assert.deepEqual([await home.effects(), await home.states()], [['other'], [2]])
})

promise('a handler that is given up keeps neither its connection nor its effect', async (home) => {
  const { points, say, effect, store } = home
  for (let at = 0; at < 12; at++) {
    const controller = new AbortController()
    const work = points.run(
      `A-${at}`,
      async ({ tx }) => {
        await say(tx, effect('A-17'))
        setImmediate(() => controller.abort(new Error('enough')))
        await say(tx, 'select pg_sleep(30)')
      },
      { signal: controller.signal },
    )
    await assert.rejects(work, /enough/)
  }
  await store.close()
  assert.deepEqual([await home.effects(), await home.states()], [[], []])
})

promise('independent messages are interleaved on one connection (P11)', async (home, t) => {
  const r = room(t, home.store as Store<MemoryTransaction>)
  for (let at = 0; at < 50; at++) await r.send({ id: `A-${at}` })
  let running = 0
  let most = 0
  const handler = async (message: { readonly body: unknown }, { tx }: { readonly tx: unknown }) => {
    most = Math.max(most, ++running)
    await home.say(tx, home.effect((message.body as { readonly id: string }).id))
    running--
  }
  await r.consume(handler as Handler, { independentBy: ({ body }) => (body as { id: string }).id })
  await r.happened('applied', 50)
  assert.equal(new Set(await home.effects()).size, 50)
  assert.equal((await home.effects()).length, 50)
  assert.ok(most > 1, `${most} at once`)
})

promise(
  'renamed columns, parsers of your own and statements that are not prepared change nothing',
  async (home) => {
    const types = { bigint: postgres.BigInt }
    const sql = postgres(home.url, { transform: postgres.camel, types, prepare: false, max: 3 })
    const store = postgresStore(sql, { schema: home.schema })
    const points = semel({ group: 'points', store })
    assert.equal(await points.run('A-17', ({ tx }) => tx`select 1`.then(() => 30)), 30)
    assert.equal(await points.run('A-17', () => 31), 30)
    const [row] = await store.inspector.list({ limit: 1 })
    assert.equal(row?.state, 'completed')
    await store.close()
    await sql.end({ timeout: 1 })
  },
)

promise('what does not fit is refused with what is missing', async (home) => {
  const sql = postgres(home.url, { transform: { row: { from: (row) => row as never } } })
  assert.throws(() => postgresStore(sql), coded('SEMEL_OPTION_INVALID'))
  const old = Object.assign(() => undefined, { unsafe() {}, options: {} })
  assert.throws(() => postgresStore(old as never), /no reserve\(\), begin\(\)/)
  assert.throws(() => postgresStore({} as never), coded('SEMEL_OPTION_INVALID'))
  await sql.end()
})
