import assert from 'node:assert/strict'
import test from 'node:test'
import { stateMachine, uniqueRow, upsert, version, withLock } from 'semel/strategies'
import { coded } from '../flow/strategies-kit.ts'
import { waysOf } from '../../src/strategies/graph.ts'
import { rowStatements } from '../../src/sql/row-statements.ts'

const invalid = coded('SEMEL_OPTION_INVALID')
const of = (): never => {
  throw new Error('nobody calls it')
}

test('a graph is refused when a state is misspelt, leads to itself, or there is none', () => {
  for (const graph of [
    {},
    undefined,
    [],
    { a: ['b'] },
    { a: ['a'] },
    { a: 'b', b: [] },
    { a: [7] },
  ])
    assert.throws(() => waysOf('stateMachine', graph), invalid, JSON.stringify(graph))
  assert.throws(() => waysOf('stateMachine', { a: [] }, ['b']), invalid)
})

test('a graph knows where it begins, what leads where, and whether it has a cycle', () => {
  const ways = waysOf('stateMachine', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })
  assert.deepEqual(ways.initial, ['a'])
  assert.deepEqual(ways.before('d'), ['b', 'c'])
  assert.ok(ways.leads('a', 'd') && !ways.leads('d', 'a') && !ways.leads('b', 'c'))
  assert.ok(!ways.leads('a', 'a') && !ways.hasCycle)
  const cycle = waysOf('stateMachine', { on: ['off'], off: ['on'] }, ['on'])
  assert.ok(cycle.hasCycle && cycle.leads('on', 'on'))
})

test('names that would have to be escaped are refused', () => {
  const names = ['', 'a b', 'a"b', 'a`b', 'a.b.c', '1a', 'a;drop table a', 'x'.repeat(64), 7, null]
  for (const table of names) assert.throws(() => version({ table, of } as never), invalid)
  for (const id of ['a.b', 'a b', '']) assert.throws(() => version({ table: 't', id, of }), invalid)
})

test('options are checked, and misspelt ones named', () => {
  assert.throws(() => uniqueRow({ table: 't', unique: [], of }), invalid)
  assert.throws(() => uniqueRow({ table: 't', unique: ['a', 'a'], of }), invalid)
  assert.throws(() => uniqueRow({ table: 't', unique: ['a'] } as never), invalid)
  assert.throws(() => upsert({ table: 't', key: ['a'], of } as never), invalid)
  assert.throws(
    () => upsert({ table: 't', key: ['a'], newest: 'b', newst: 'c', of } as never),
    coded('SEMEL_OPTION_UNKNOWN'),
  )
  assert.throws(() => withLock({} as never, {} as never, { resource: of }), invalid)
  assert.throws(() => stateMachine(undefined as never), invalid)
})

test('a key of columns tells values apart, and is not made of what is missing', () => {
  const row = uniqueRow({ table: 't', unique: ['a', 'b'], of: (given: object) => ({ ...given }) })
  assert.deepEqual(row.key({ a: 1, b: 'x', c: 3 }), [1, 'x'])
  assert.deepEqual(row.key({ a: 1.5, b: true }), ['1.5', 'true'])
  assert.throws(() => row.key({ a: 1 }), coded('SEMEL_VALUES_INVALID'))
})

test('values are bound and never written into a statement', () => {
  const statements = rowStatements({
    quote: (name) => `"${name}"`,
    place: (number) => `$${number}`,
    text: (column) => column,
    exactly: (column, value) => `${column} == ${value}`,
    unlessThere: (columns) => ` unless (${columns.join()})`,
    returning: ' returning 1',
    forUpdate: ' for update',
  })
  const evil = "'; drop table t; --"
  const { text, values } = statements.update('s.t', {
    set: { a: evil },
    increment: 'v',
    where: [
      { column: 'b', is: null },
      { column: 'c', in: [1, evil] },
      {
        before: [
          ['d', 5],
          ['e', null],
        ],
      },
    ],
  })
  assert.equal(
    text,
    'update "s"."t" set "a" = $1, "v" = "v" + 1 where "b" is null and "c" in ($2, $3) and ("d" is null or "d" < $4 or ("d" = $5 and (1 = 0))) returning 1',
  )
  assert.deepEqual(values, [evil, 1, evil, 5, 5])
})
