import assert from 'node:assert/strict'
import test from 'node:test'
import { semel } from 'semel'
import {
  fenced,
  guard,
  stateMachine,
  uniqueRow,
  upsert,
  version,
  type ColumnValues,
} from 'semel/strategies'
import { coded, onEach, plain, type Shop, tables } from './strategies-kit.ts'

const points = uniqueRow({
  table: 't_points',
  unique: ['order_id'],
  same: ['user_id', 'points'],
  of: (row: ColumnValues) => row,
})
const makePoints =
  'create table t_points (order_id varchar(40) not null unique, user_id varchar(40) not null unique, points integer not null)'

const rides = stateMachine({
  table: 'rides',
  graph: {
    created: ['assigned', 'cancelled'],
    assigned: ['departed', 'cancelled'],
    departed: ['arrived'],
    arrived: [],
    cancelled: [],
  },
  of: (step: { readonly id: string; readonly to: 'created' }) => step,
})
const makeRides = 'create table rides (id varchar(40) primary key, state varchar(20) not null)'

const accounts = version({
  table: 'accounts',
  by: 'last_message',
  of: (values: { readonly id: number; readonly version: number }) => values,
})
const makeAccounts =
  'create table accounts (id integer primary key, money integer not null, version integer not null, last_message varchar(80))'

const clicks = upsert({
  table: 'clicks',
  key: ['act_code', 'usr_id'],
  newest: 'clicked_at',
  tie: 'seq',
  of: (row: ColumnValues) => row,
})
const makeClicks =
  'create table clicks (row_id integer unique, act_code varchar(40) not null, usr_id varchar(40) not null, clicked_at integer, seq integer, page varchar(40), primary key (act_code, usr_id))'

function click(clicked_at: number | null, seq: number | null, page: string): ColumnValues {
  return { act_code: 'sale', usr_id: 'u1', clicked_at, seq, page }
}

/** The answers of one guard, each in a transaction of its own. */
function asked<V>(
  shop: Shop,
  strategy: Parameters<typeof guard<unknown, V>>[1],
): (values: V, key?: string) => Promise<string> {
  const own = guard(shop.store, strategy)
  return async (values, key) => {
    const answer = await shop.transaction((tx) => own.apply(tx, values, key))
    return answer.kind === 'conflict' ? answer.code : answer.kind
  }
}

onEach(test, 'a unique row is inserted once, and refuses the second', async (_, shop) => {
  await tables(shop, makePoints)
  const ask = asked(shop, points)
  const row = { order_id: 'o1', user_id: 'u1', points: 30 }
  assert.equal(await ask(row), 'applied')
  assert.equal(await ask(row), 'passed')
  assert.equal(await ask({ ...row, points: 31 }), 'SEMEL_ROW_CONFLICT')
  assert.deepEqual(plain(await shop.sql('select * from t_points')), [row])
})

onEach(test, 'another constraint is an error, and never taken for a duplicate', async (_, shop) => {
  await tables(shop, makePoints)
  const ask = asked(shop, points)
  await ask({ order_id: 'o1', user_id: 'u1', points: 30 })
  // Another order of the same user, who may have one row; and a column that must not be null.
  await assert.rejects(ask({ order_id: 'o2', user_id: 'u1', points: 30 }))
  await assert.rejects(ask({ order_id: 'o3', user_id: 'u3', points: null }))
  assert.equal((await shop.sql('select * from t_points')).length, 1)
})

onEach(test, 'a row is not found by a value that is missing', async (_, shop) => {
  await tables(shop, makePoints)
  const ask = asked(shop, points)
  for (const order_id of [null, undefined, Number.NaN, new Date()])
    await assert.rejects(
      ask({ order_id: order_id as never, user_id: 'u', points: 1 }),
      coded('SEMEL_VALUES_INVALID'),
    )
})

onEach(test, 'letters that a column folds do not make two orders one', async (_, shop) => {
  const folding = shop.name === 'sqlite' ? ' collate nocase' : ''
  await tables(
    shop,
    `create table t_points (order_id varchar(40)${folding} not null unique, user_id varchar(40), points integer)`,
  )
  const ask = asked(shop, points)
  assert.equal(await ask({ order_id: 'o1', user_id: 'u1', points: 30 }), 'applied')
  for (const order_id of ['O1', 'o1 ', 'ö1'])
    assert.notEqual(await ask({ order_id, user_id: 'u1', points: 30 }), 'passed', order_id)
  assert.equal(await ask({ order_id: 'o1', user_id: 'u1', points: 30 }), 'passed')
})

onEach(test, 'of two who insert one row at once, one is applied', async (_, shop) => {
  await tables(shop, makePoints)
  const row = { order_id: 'o1', user_id: 'u1', points: 30 }
  const insert = async (store: Shop['store']): Promise<string | undefined> =>
    store.transactions?.open(async (open) => {
      const { tx, end } = open.forHandler()
      const answer = await guard(store, points).apply(tx, row)
      end()
      return answer.kind
    })
  const answers = new Set(await Promise.all([insert(shop.store), insert(shop.second)]))
  assert.deepEqual(answers, new Set(['applied', 'passed']))
})

onEach(test, 'a row goes through its states, each reached once', async (_, shop) => {
  await tables(shop, makeRides)
  const ask = asked(shop, rides)
  const to = (state: string): Promise<string> => ask({ id: 'r1', to: state as never })
  assert.equal(await to('assigned'), 'early')
  assert.equal(await to('created'), 'applied')
  assert.equal(await to('created'), 'passed')
  assert.equal(await to('departed'), 'early')
  assert.equal(await to('assigned'), 'applied')
  assert.equal(await to('created'), 'passed')
  assert.equal(await to('departed'), 'applied')
  assert.equal(await to('cancelled'), 'SEMEL_TRANSITION_REFUSED')
  assert.equal(await to('arrived'), 'applied')
  await assert.rejects(to('flown'), coded('SEMEL_VALUES_INVALID'))
  assert.deepEqual(await shop.sql('select * from rides'), [{ id: 'r1', state: 'arrived' }])
})

onEach(test, 'a state that the graph has not is a conflict', async (_, shop) => {
  await tables(shop, makeRides, "insert into rides values ('r1', 'stolen')")
  const ask = asked(shop, rides)
  assert.equal(await ask({ id: 'r1', to: 'arrived' as never }), 'SEMEL_TRANSITION_REFUSED')
})

onEach(test, 'a row that begins has the columns that create() gives', async (_, shop) => {
  await tables(
    shop,
    'create table rides (id varchar(40) primary key, state varchar(20), city varchar(20) not null)',
  )
  const inCity = stateMachine({
    table: 'rides',
    graph: { created: ['gone'], gone: [] },
    of: ({ id }: { readonly id: string }) => ({ id, to: 'created' }),
    create: ({ id }) => ({ city: `city of ${id}` }),
  })
  const values = inCity.guard.of({ id: 'r1' })
  assert.equal(await asked(shop, inCity)(values), 'applied')
  assert.deepEqual(await shop.sql('select city from rides'), [{ city: 'city of r1' }])
})

onEach(test, 'in a cycle a direct step is taken, and what comes later waits', async (_, shop) => {
  await tables(shop, makeRides, "insert into rides values ('r1', 'active')")
  const cycle = stateMachine({
    table: 'rides',
    graph: { active: ['suspended', 'closed'], suspended: ['active'], closed: [] },
    of: (step: { readonly id: string; readonly to: 'active' }) => step,
  })
  const ask = asked(shop, cycle)
  assert.equal(await ask({ id: 'r1', to: 'suspended' }), 'applied')
  assert.equal(await ask({ id: 'r1', to: 'suspended' }), 'early')
  assert.equal(await ask({ id: 'r1', to: 'active' }), 'applied')
  assert.equal(await ask({ id: 'r1', to: 'suspended' }), 'applied')
  assert.equal(await ask({ id: 'r1', to: 'closed' }), 'early')
  assert.throws(() => cycle.key({ id: 'r1', to: 'active' }), coded('SEMEL_OPTION_INVALID'))
})

onEach(test, 'a version is raised once, and zero rows are never success', async (_, shop) => {
  await tables(shop, makeAccounts, 'insert into accounts values (1, 1000, 1, null)')
  const ask = asked(shop, accounts)
  assert.equal(await ask({ id: 1, version: 1 }, 'a'), 'applied')
  assert.equal(await ask({ id: 1, version: 1 }, 'a'), 'passed')
  // Another message made from the same version: the folk version drops it in silence.
  assert.equal(await ask({ id: 1, version: 1 }, 'b'), 'SEMEL_VERSION_CONFLICT')
  assert.equal(await ask({ id: 1, version: 3 }, 'c'), 'early')
  assert.equal(await ask({ id: 2, version: 1 }, 'd'), 'SEMEL_VERSION_CONFLICT')
  const [row] = plain(await shop.sql('select version, last_message from accounts'))
  assert.deepEqual(row, { version: 2, last_message: 'a' })
})

onEach(
  test,
  'without a column for the last message a repeated version is loud',
  async (_, shop) => {
    await tables(shop, makeAccounts, 'insert into accounts values (1, 1000, 1, null)')
    const silent = version({
      table: 'accounts',
      of: (values: { readonly id: number; readonly version: number }) => values,
    })
    const ask = asked(shop, silent)
    assert.equal(await ask({ id: 1, version: 1 }, 'a'), 'applied')
    assert.equal(await ask({ id: 1, version: 1 }, 'a'), 'SEMEL_VERSION_CONFLICT')
  },
)

onEach(test, 'the newest row is kept, ties by the second column, in any order', async (_, shop) => {
  await tables(shop, makeClicks)
  const ask = asked(shop, clicks)
  const page = async (): Promise<unknown> =>
    (await shop.sql('select page from clicks'))[0]?.['page']
  assert.equal(await ask(click(null, null, 'nothing')), 'applied')
  assert.equal(await ask(click(null, null, 'nothing')), 'passed')
  assert.equal(await ask(click(10, 1, 'first')), 'applied')
  assert.equal(await ask(click(10, 1, 'first')), 'passed')
  assert.equal(await ask(click(9, 7, 'old')), 'passed')
  assert.equal(await ask(click(null, 7, 'undated')), 'passed')
  assert.equal(await page(), 'first')
  assert.equal(await ask(click(10, 2, 'tie')), 'applied')
  assert.equal(await ask(click(10, null, 'no tie')), 'passed')
  assert.equal(await ask(click(11, null, 'newer')), 'applied')
  assert.equal(await ask(click(11, 1, 'a tie after none')), 'applied')
  assert.equal(await page(), 'a tie after none')
})

onEach(test, 'an upsert that meets another unique index changes nothing there', async (_, shop) => {
  await tables(shop, makeClicks, "insert into clicks values (1, 'sale', 'u9', 5, 0, 'of another')")
  const ask = asked(shop, clicks)
  await assert.rejects(ask({ ...click(10, 1, 'mine'), row_id: 1 }))
  assert.deepEqual(await shop.sql('select usr_id, page from clicks'), [
    { usr_id: 'u9', page: 'of another' },
  ])
})

onEach(test, 'an order of updates at once ends with the newest', async (_, shop) => {
  await tables(shop, makeClicks)
  const doors = [shop.store, shop.second].map((store) =>
    semel({ group: 'clicks', store, strategy: clicks }),
  )
  const run = (at: number): unknown =>
    doors[at % 2]?.run(at, () => undefined, { input: click(at, 0, `page ${at}`) })
  await Promise.all(Array.from({ length: 20 }, (_, at) => run((at * 7) % 20)))
  assert.deepEqual(await shop.sql('select page from clicks'), [{ page: 'page 19' }])
})

onEach(test, 'a table that does not fit is refused with its name', async (_, shop) => {
  await tables(
    shop,
    'create table t_points (order_id varchar(40), user_id varchar(40), points integer)',
    'create table clicks (act_code varchar(40), usr_id varchar(40), clicked_at integer, seq integer, other integer, unique (act_code, usr_id, other))',
    makeAccounts,
  )
  await assert.rejects(guard(shop.store, rides).check(), coded('SEMEL_TABLE_MISSING'))
  await assert.rejects(guard(shop.store, points).check(), coded('SEMEL_CONSTRAINT_MISSING'))
  await assert.rejects(guard(shop.store, clicks).check(), coded('SEMEL_CONSTRAINT_MISSING'))
  const other = version({
    table: 'accounts',
    version: 'revision',
    of: () => ({ id: 1, version: 1 }),
  })
  await assert.rejects(guard(shop.store, other).check(), coded('SEMEL_TABLE_MISSING'))
  await guard(shop.store, accounts).check()
})

onEach(
  test,
  'a row takes the newest token, and refuses whoever held the lock before',
  async (_, shop) => {
    await tables(
      shop,
      'create table seats (seat varchar(10) primary key, fence bigint)',
      "insert into seats values ('1A', null)",
    )
    const put = (token: bigint | undefined, seat = '1A'): Promise<void> =>
      shop.transaction((tx) => fenced(shop.store, tx, { table: 'seats', where: { seat }, token }))
    await put(7n)
    await put(7n)
    await put(9_007_199_254_740_995n)
    await assert.rejects(put(9_007_199_254_740_994n), coded('SEMEL_FENCED'))
    await put(9_007_199_254_740_995n)
    await assert.rejects(put(9_007_199_254_740_996n, '1B'), coded('SEMEL_FENCED'))
    await assert.rejects(put(undefined), coded('SEMEL_VALUES_INVALID'))
  },
)
