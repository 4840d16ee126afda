import assert from 'node:assert/strict'
import test from 'node:test'
import { semel, TooEarly } from 'semel'
import { leaseOnlyStore, memoryStore } from 'semel/memory'
import { inbox, lookUpFirst, marker, natural, stateMachine, uniqueRow } from 'semel/strategies'
import { coded, onEach, tables } from './strategies-kit.ts'

interface Member {
  readonly no: string
  readonly name: string
}
const members = uniqueRow({
  table: 'members',
  unique: ['no'],
  same: ['name'],
  of: ({ no, name }: Member) => ({ no, name }),
})
const makeMembers = 'create table members (no varchar(20) primary key, name varchar(40))'
const ada = { no: 'm1', name: 'Ada' }

onEach(
  test,
  'run() guards the row of its input, and calls nothing when it is so already',
  async (_, shop) => {
    await tables(shop, makeMembers)
    const join = semel({ group: 'members', store: shop.store, strategy: members })
    let calls = 0
    const welcome = (): number => ++calls
    assert.equal(await join.run('a', welcome, { input: ada }), 1)
    assert.equal(await join.run('a', welcome, { input: ada }), 1)
    // Another key, the same row.
    assert.equal(await join.run('b', welcome, { input: ada }), undefined)
    assert.deepEqual(await join.tryRun('b', welcome, { input: ada }), {
      kind: 'completed',
      result: undefined,
      replayed: true,
    })
    await assert.rejects(
      join.run('c', welcome, { input: { ...ada, name: 'Eve' } }),
      coded('SEMEL_ROW_CONFLICT'),
    )
    // A conflict leaves no record.
    assert.equal(await join.run('c', welcome, { input: { no: 'm2', name: 'Eve' } }), 2)
    assert.equal(calls, 2)
  },
)

onEach(test, 'runIn() guards in the transaction of its caller', async (_, shop) => {
  await tables(shop, makeMembers)
  const join = semel({ group: 'members', store: shop.store, strategy: members })
  await assert.rejects(
    shop.transaction(async (tx) => {
      assert.equal(await join.runIn(tx, 'a', () => 1, { input: ada }), 1)
      throw new Error('the caller gives up')
    }),
    /gives up/,
  )
  assert.deepEqual(await shop.sql('select * from members'), [])
  await shop.transaction((tx) => join.runIn(tx, 'a', () => 1, { input: ada }))
  assert.equal(
    await shop.transaction((tx) => join.runIn(tx, 'b', () => 1, { input: ada })),
    undefined,
  )
  assert.deepEqual(await shop.sql('select * from members'), [ada])
})

onEach(
  test,
  'what is early for run() throws, leaves nothing, and may be called again',
  async (_, shop) => {
    await tables(shop, 'create table rides (id varchar(20) primary key, state varchar(20))')
    const rides = stateMachine({
      table: 'rides',
      graph: { created: ['gone'], gone: [] },
      of: (step: { readonly id: string; readonly to: 'created' | 'gone' }) => step,
    })
    const ride = semel({ group: 'rides', store: shop.store, strategy: rides })
    const run = (to: 'created' | 'gone'): Promise<unknown> =>
      ride.run(to, () => to, { input: { id: 'r1', to } })
    await assert.rejects(run('gone'), TooEarly)
    assert.equal(await run('created'), 'created')
    assert.equal(await run('gone'), 'gone')
  },
)

onEach(test, 'run() that looks first replays what is completed', async (_, shop) => {
  await tables(shop, makeMembers)
  const join = semel({ group: 'members', store: shop.store, strategy: lookUpFirst(members) })
  assert.equal(await join.run('a', () => 1, { input: ada, fingerprint: 1 }), 1)
  assert.equal(await join.run('a', () => 2, { input: ada, fingerprint: 1 }), 1)
  await assert.rejects(
    join.run('a', () => 2, { input: ada, fingerprint: 2 }),
    coded('SEMEL_MISMATCHED'),
  )
})

onEach(test, 'two who look first at once save once', async (_, shop) => {
  await tables(shop, 'create table told (id varchar(10))')
  const doors = [shop.store, shop.second].map((store) =>
    semel({ group: 'members', store, strategy: lookUpFirst(inbox()) }),
  )
  const save = (key: number): Promise<unknown>[] =>
    doors.map((door) =>
      door.run(key, ({ tx }) => shop.exec(tx, 'insert into told values (?)', `k${key}`)),
    )
  await Promise.all([1, 2, 3, 4, 5].flatMap(save))
  assert.equal((await shop.sql('select * from told')).length, 5)
})

onEach(test, 'run() is refused where the table does not fit, until it does', async (_, shop) => {
  const join = semel({ group: 'members', store: shop.store, strategy: members })
  const run = (): Promise<unknown> => join.run('a', () => 1, { input: ada })
  await assert.rejects(run(), coded('SEMEL_TABLE_MISSING'))
  await tables(shop, makeMembers)
  assert.equal(await run(), 1)
})

test('a strategy that guards a row is refused where there is none', () => {
  const refused = coded('SEMEL_GUARDS_MISSING')
  assert.throws(() => semel({ group: 'g', store: memoryStore(), strategy: members }), refused)
  const store = leaseOnlyStore()
  assert.throws(() => semel({ group: 'g', store, strategy: members }), refused)
})

test('what is naturally idempotent takes a transaction where there is one, else a lease', async () => {
  const strategy = natural({ because: 'a deletion is the same twice' })
  const inOne = semel({ group: 'g', store: memoryStore(), strategy })
  assert.equal(await inOne.run('a', ({ tx }) => typeof tx.get), 'function')
  const elsewhere = semel({ group: 'g', store: leaseOnlyStore(), strategy })
  assert.equal(await elsewhere.run('a', (context) => 'tx' in context), false)
  for (const { assurance } of [inOne, elsewhere]) {
    assert.equal(assurance.level, 'A')
    assert.match(assurance.windows.join(), /an old message/)
    assert.match(assurance.because.join(), /a deletion is the same twice/)
  }
})

test('levels C and natural need a reason', () => {
  for (const make of [marker, natural])
    for (const because of ['', '  ', undefined])
      assert.throws(() => make({ because } as never), coded('SEMEL_OPTION_INVALID'))
})
