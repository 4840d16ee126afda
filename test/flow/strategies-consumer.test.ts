import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from 'semel'
import {
  type ColumnValues,
  lookUpFirst,
  stateMachine,
  uniqueRow,
  upsert,
  version,
} from 'semel/strategies'
import { coded, lineOf, onEach, plain, type Tx, tables } from './strategies-kit.ts'

interface Points {
  readonly order_id: string
  readonly points: number
}
const points = uniqueRow({
  table: 't_points',
  unique: ['order_id'],
  same: ['points'],
  of: ({ body }: Message<Points>): ColumnValues => ({ ...body }),
})
const makePoints = [
  'create table t_points (order_id varchar(40) not null primary key, points integer)',
  'create table told (order_id varchar(40))',
]

interface Step {
  readonly id: string
  readonly to: 'created' | 'assigned' | 'departed' | 'arrived'
  readonly copy?: number
}
const rides = stateMachine({
  table: 'rides',
  graph: { created: ['assigned'], assigned: ['departed'], departed: ['arrived'], arrived: [] },
  of: ({ body }: Message<Step>) => body,
})
const makeRides = [
  'create table rides (id varchar(40) primary key, state varchar(20) not null)',
  'create table log (id varchar(40), state varchar(20))',
]

onEach(
  test,
  'a row of fifty that is there already is passed, and its neighbours applied',
  async (t, shop) => {
    await tables(shop, ...makePoints, "insert into t_points values ('o7', 30)")
    const line = lineOf<Points>(t, shop)
    await line.send(...Array.from({ length: 50 }, (_, at) => ({ order_id: `o${at}`, points: 30 })))
    const consumer = await line.consume({
      strategy: points,
      async handler({ body }, { tx }) {
        await shop.exec(tx, 'insert into told values (?)', body.order_id)
      },
    })
    assert.equal(consumer.assurance.level, 'A')
    assert.doesNotMatch(consumer.assurance.windows.join(), /retentionMs/)
    await line.happened(50, 'applied', 'passed')
    assert.equal(line.count('applied'), 49)
    assert.match(line.last('passed')?.detail ?? '', /t_points has the row \(order_id o7\)/)
    assert.equal((await shop.sql('select * from told')).length, 49)
    assert.deepEqual(await shop.sql("select * from told where order_id = 'o7'"), [])
  },
)

onEach(
  test,
  'one of fifty that contradicts its row is dead, and its neighbours applied',
  async (t, shop) => {
    await tables(shop, ...makePoints, "insert into t_points values ('o7', 99)")
    const line = lineOf<Points>(t, shop)
    await line.send(...Array.from({ length: 50 }, (_, at) => ({ order_id: `o${at}`, points: 30 })))
    await line.consume({ strategy: points })
    await line.happened(50, 'applied', 'dead')
    assert.equal(line.count('applied'), 49)
    assert.equal(line.last('dead')?.reason, 'conflict')
    assert.match(line.last('dead')?.detail ?? '', /\(order_id o7\) with another points/)
  },
)

onEach(test, 'the row remembers when the record was forgotten', async (t, shop) => {
  await tables(shop, ...makePoints)
  const line = lineOf<Points>(t, shop)
  await line.consume({
    strategy: points,
    async handler({ body }, { tx }) {
      await shop.exec(tx, 'insert into told values (?)', body.order_id)
    },
  })
  await line.send({ order_id: 'o1', points: 30 })
  await line.happened(1, 'applied')
  await shop.sql('delete from semel_inbox')
  await line.send({ order_id: 'o1', points: 30 })
  await line.happened(1, 'passed')
  assert.equal((await shop.sql('select * from told')).length, 1)
})

onEach(test, 'a handler that fails takes its row back', async (t, shop) => {
  await tables(shop, ...makePoints)
  const line = lineOf<Points>(t, shop)
  let failed = false
  await line.consume({
    strategy: points,
    handler() {
      if (failed) return
      failed = true
      throw new Error('once')
    },
  })
  await line.send({ order_id: 'o1', points: 30 })
  await line.happened(1, 'failed')
  await line.happened(1, 'applied')
  assert.equal((await shop.sql('select * from t_points')).length, 1)
})

onEach(test, 'a batch handler gets those whose row is theirs, and no others', async (t, shop) => {
  await tables(
    shop,
    ...makePoints,
    "insert into t_points values ('o3', 30)",
    "insert into t_points values ('o5', 99)",
  )
  const line = lineOf<Points>(t, shop)
  await line.send(...Array.from({ length: 50 }, (_, at) => ({ order_id: `o${at}`, points: 30 })))
  await line.consume({
    strategy: points,
    async handlerBatch(messages, { tx }) {
      for (const { body } of messages)
        await shop.exec(tx, 'insert into told values (?)', body.order_id)
    },
  })
  await line.happened(50, 'applied', 'passed', 'dead')
  assert.equal(line.count('applied'), 48)
  assert.equal(line.count('passed'), 1)
  const told = (await shop.sql('select order_id from told')).map((row) => String(row['order_id']))
  assert.equal(told.length, 48)
  assert.ok(!told.includes('o3') && !told.includes('o5'))
})

onEach(
  test,
  'news that are early wait, and late news are ignored, in whatever order',
  async (t, shop) => {
    await tables(shop, ...makeRides)
    const line = lineOf<Step>(t, shop)
    const ids = ['r1', 'r2', 'r3', 'r4', 'r5']
    const states = ['arrived', 'created', 'departed', 'assigned'] as const
    await line.consume({
      strategy: rides,
      async handler({ body }, { tx }) {
        await shop.exec(tx, 'insert into log values (?, ?)', body.id, body.to)
      },
    })
    for (const [at, id] of ids.entries())
      await line.send(
        ...[...states.slice(at % 4), ...states.slice(0, at % 4)].map((to) => ({ id, to })),
      )
    await line.happened(20, 'applied')
    // Another intent of a state that is behind.
    await line.send({ id: 'r1', to: 'departed', copy: 2 })
    await line.happened(1, 'passed')
    assert.equal((await shop.sql('select * from log')).length, 20)
    assert.equal((await shop.sql("select * from rides where state = 'arrived'")).length, 5)
    assert.equal(line.count('dead'), 0)
  },
)

onEach(test, 'news that are early for too long are dead', async (t, shop) => {
  await tables(shop, ...makeRides)
  const line = lineOf<Step>(t, shop)
  await line.consume({ strategy: rides, earlyMsMax: 1_000, retryDelayMs: 50 })
  await line.send({ id: 'r1', to: 'arrived' })
  await line.happened(1, 'dead')
  assert.equal(line.last('dead')?.reason, 'expired')
  assert.deepEqual(await shop.sql('select * from rides'), [])
})

interface Deduct {
  readonly id: number
  readonly money: number
  readonly version: number
  readonly copy?: number
}
const accounts = version({
  table: 'accounts',
  by: 'last_message',
  of: ({ body }: Message<Deduct>) => body,
})
const makeAccounts = [
  'create table accounts (id integer primary key, money integer not null, version integer not null, last_message varchar(80))',
  'insert into accounts values (1, 1000, 1, null)',
]

onEach(
  test,
  'a deduction of one version happens once, and a second one from it is loud',
  async (t, shop) => {
    await tables(shop, ...makeAccounts)
    const line = lineOf<Deduct>(t, shop)
    const deduct = { id: 1, money: 200, version: 1 }
    const handler = async (
      message: Message<Deduct>,
      { tx }: { readonly tx: Tx },
    ): Promise<void> => {
      const { id, money } = message.body
      await shop.exec(tx, 'update accounts set money = money - ? where id = ?', money, id)
    }
    await line.consume({ strategy: accounts, handler })
    await line
      .consume({ strategy: accounts, handler }, shop.second)
      .catch(coded('SEMEL_CONSUMER_TWICE'))
    await line.send(deduct, deduct, { ...deduct, copy: 2 }, { ...deduct, version: 2, money: 50 })
    await line.happened(2, 'applied')
    await line.happened(1, 'dead')
    await line.happened(1, 'duplicate')
    assert.equal(line.last('dead')?.reason, 'conflict')
    await shop.sql('delete from semel_inbox')
    await line.send({ ...deduct, version: 2, money: 50 })
    await line.happened(1, 'passed')
    assert.deepEqual(plain(await shop.sql('select money, version from accounts')), [
      { money: 750, version: 3 },
    ])
  },
)

interface Click {
  readonly usr: string
  readonly at: number
}
const clicks = upsert({
  table: 'clicks',
  key: ['usr'],
  newest: 'at_ms',
  of: ({ body }: Message<Click>) => ({ usr: body.usr, at_ms: body.at }),
})

onEach(test, 'the newest click stays, in whatever order they come', async (t, shop) => {
  await tables(shop, 'create table clicks (usr varchar(20) primary key, at_ms integer)')
  const line = lineOf<Click>(t, shop)
  await line.consume({ strategy: clicks, key: clicks.key })
  await line.send(...[3, 9, 1, 9, 4].map((at) => ({ usr: 'u1', at })))
  await line.happened(5, 'applied', 'passed', 'duplicate')
  assert.deepEqual(plain(await shop.sql('select * from clicks')), [{ usr: 'u1', at_ms: 9 }])
  assert.equal(line.count('duplicate'), 1)
})

onEach(
  test,
  'a record that is read first answers what is completed, and nothing else',
  async (t, shop) => {
    await tables(shop, ...makePoints)
    const line = lineOf<Points>(t, shop)
    const body = { order_id: 'o1', points: 30 }
    await line.consume({ strategy: lookUpFirst(points), key: (message) => message.body.order_id })
    await line.send(body)
    await line.happened(1, 'applied')
    await line.send(body, { order_id: 'o2', points: 30 }, { ...body, points: 31 })
    await line.happened(1, 'duplicate')
    await line.happened(2, 'applied')
    await line.happened(1, 'mismatched')
  },
)

onEach(test, 'a consumer whose table does not fit does not start', async (t, shop) => {
  const line = lineOf<Points>(t, shop)
  await assert.rejects(line.consume({ strategy: points }), coded('SEMEL_TABLE_MISSING'))
  await tables(shop, 'create table t_points (order_id varchar(40), points integer)')
  await assert.rejects(line.consume({ strategy: points }), coded('SEMEL_CONSTRAINT_MISSING'))
})
