import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { on } from 'semel'
import { sqlitePublisher } from 'semel/sqlite'
import { type Prepared, prepareConsumers } from '../../src/config/prepare.ts'
import { until } from '../flow/kit.ts'

const handler = `export function handler({ body }, { tx }) {
  tx.prepare('insert into told values (?)').run(JSON.stringify(body))
}
`

interface Place {
  readonly file: string
  prepare(strategy: string): Promise<Prepared>
}

/** A folder with a handler, and a file that names one strategy; without a key. */
function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'semel-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'handler.mjs'), handler)
  const yaml = join(folder, 'semel.yaml')
  return {
    file: join(folder, 'shop.db'),
    async prepare(strategy) {
      const text = `store: { sqlite: shop.db }
source: { sqlite: shop.db }
groups:
  shop:
    consumers:
      - topic: news
        handler: ./handler.mjs
        options: { parkedPollMs: 10, retryDelayMs: 10 }
        strategy: ${strategy}
`
      writeFileSync(yaml, text)
      const prepared = await prepareConsumers(yaml, {})
      t.after(() => prepared.close())
      return prepared
    },
  }
}

const clicks =
  '{ upsert: { table: clicks, key: [act_code, usr_id], newest: at, values: { act_code: body.act, usr_id: headers.user, at: body.at, weight: 3 } } }'
const rides =
  '{ stateMachine: { table: rides, graph: { created: [gone], gone: [] }, values: { id: body.id, to: body.to }, create: { city: body.city } } }'

/** What the rows are after these messages, and what became of each. */
const cases: readonly {
  readonly what: string
  readonly strategy: string
  readonly table: string
  readonly send: readonly object[]
  readonly rows: readonly object[]
  readonly told: number
}[] = [
  {
    what: 'upsert',
    strategy: clicks,
    table:
      'clicks (act_code text, usr_id text, at integer, weight integer, unique (usr_id, act_code))',
    send: [
      { act: 'sale', at: 2 },
      { act: 'sale', at: 1 },
      { act: 'sale', at: 3 },
    ],
    rows: [{ act_code: 'sale', usr_id: 'u1', at: 3, weight: 3 }],
    told: 2,
  },
  {
    what: 'uniqueRow',
    strategy:
      '{ uniqueRow: { table: points, unique: [order_id], same: [points], values: { order_id: body.order, points: 30 } } }',
    table: 'points (order_id integer primary key, points integer)',
    send: [{ order: 1 }, { order: 1 }, { order: 2 }],
    rows: [
      { order_id: 1, points: 30 },
      { order_id: 2, points: 30 },
    ],
    told: 2,
  },
  {
    what: 'stateMachine',
    strategy: rides,
    table: 'rides (id text primary key, state text, city text)',
    send: [
      { id: 'r1', to: 'gone' },
      { id: 'r1', to: 'created', city: 'Ulm' },
    ],
    rows: [{ id: 'r1', state: 'gone', city: 'Ulm' }],
    told: 2,
  },
  {
    what: 'natural',
    strategy: '{ natural: { because: a set value is the same twice } }\n        key: body.id',
    table: 'empty (id text)',
    send: [{ id: 'a' }, { id: 'a' }],
    rows: [],
    told: 1,
  },
]

for (const { what, strategy, table, send, rows, told } of cases)
  test(`a file names ${what}, and its values by their paths`, async (t) => {
    const { file, prepare } = place(t)
    const db = new DatabaseSync(file)
    t.after(() => db.close())
    db.exec(`create table ${table}; create table told (body text)`)
    let done = 0
    const stops = (['applied', 'passed', 'duplicate'] as const).map((name) =>
      on(name, () => done++),
    )
    t.after(() => stops.forEach((stop) => stop()))
    const { consumers } = await prepare(strategy)
    const publisher = sqlitePublisher(file, { topic: 'news' })
    const headers = { user: 'u1' }
    await publisher.sendBatch(send.map((body) => ({ body: body as never, headers })))
    await publisher.close()
    for (const consumer of consumers) await consumer.start()
    await until(() => done >= send.length, `${done} are done`)
    for (const consumer of consumers) await consumer.stop()
    const plain = (sql: string): object[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }))
    assert.deepEqual(plain(`select * from ${table.split(' ')[0]}`), rows)
    assert.equal(plain('select * from told').length, told)
  })

/** What a file says wrong, and where that is said to stand. */
const mistakes: readonly (readonly [what: string, strategy: string, place: RegExp])[] = [
  [
    'two strategies',
    '{ marker: { because: x }, natural: { because: y } }',
    /9:19: .*it is inbox, or/,
  ],
  ['a misspelt name', '{ upsrt: {} }', /9:21: .*did you mean "upsert"/],
  ['a value that is no path', clicks.replace('body.act', 'act'), /9:\d+: .*a path is/],
  ['no newest', clicks.replace(' newest: at,', ''), /9:\d+: .*needs "newest"/],
  [
    'a state that is not listed',
    rides.replace(', gone: []', ''),
    /9:19: .*gone is led to and not listed/,
  ],
  [
    'a table that is no name',
    clicks.replace('table: clicks', 'table: a b'),
    /9:19: .*table must be/,
  ],
  [
    'a version, whose values are no key',
    '{ version: { table: accounts, values: { id: body.id, version: body.version } } }',
    /6:9: there is no key/,
  ],
  [
    'a cycle, whose values are no key',
    rides.replace('gone: []', 'gone: [created]'),
    /6:9: there is no key/,
  ],
]

for (const [what, strategy, expected] of mistakes)
  test(`a file with ${what} is refused, with the place`, async (t) => {
    await assert.rejects(place(t).prepare(strategy), expected)
  })
