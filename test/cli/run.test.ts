import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { fixtures, type Place, place, refused, type Started } from './kit.ts'

const handler = join(fixtures, 'points.ts')

/** A file with one consumer of `orders`; `more` are further members of it. */
function config(here: Place, more = '', name = ''): string {
  return here.write(
    'semel.yaml',
    `store: { sqlite: ./shop.db }
source: { sqlite: ./shop.db }
groups:
  points:
    consumers:
      - topic: orders
        handler: ${handler}${name}
${more}`,
  )
}

const outside = (name: string): readonly [string, string] => [
  '        strategy: { marker: { because: a test } }\n',
  name,
]

async function send(here: Place, ...orders: readonly object[]): Promise<void> {
  const input = orders.map((order) => JSON.stringify(order)).join('\n')
  const sent = await here.semelWith({ input }, 'send', 'orders', '-', '--db', 'shop.db')
  assert.equal(sent.code, 0, sent.stderr)
}

function points({ path }: Place): readonly unknown[] {
  const file = new DatabaseSync(path('shop.db'))
  try {
    const rows = file.prepare('select order_id, attempt from points order by 1').all()
    return rows.map(({ order_id, attempt }) => [order_id, attempt])
  } finally {
    file.close()
  }
}

function events(run: Started): readonly Readonly<Record<string, unknown>>[] {
  return run
    .stdout()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a file is run: each order once, the assurance first, lines of JSON when piped', async (t) => {
  const here = place(t)
  await send(
    here,
    { orderId: 'A' },
    { orderId: 'A' },
    { orderId: 'B', fail: 'dead' },
    { orderId: 'C', fail: 'once' },
  )
  const run = here.start(
    'run',
    config(here, '        options: { retryDelayMs: 10, parkedPollMs: 10 }\n'),
  )
  await run.said(/"applied".*"C"/)
  await run.said(/"duplicate"/)
  run.child.kill('SIGTERM')
  const ended = await run.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stderr, /^points ← orders: A, exactly once$/m)
  assert.match(ended.stderr, /^ {2}except: /m)
  assert.deepEqual(points(here), [
    ['A', 1],
    ['C', 2],
  ])
  const { atMs: _, ...last } = ended.json as Record<string, unknown>
  assert.deepEqual(last, {
    event: 'ended',
    exit: 0,
    applied: 2,
    passed: 0,
    duplicate: 1,
    failed: 1,
    parked: 1,
    dead: 1,
  })
  assert.equal(events(run)[0]?.['event'], 'started')
})

test('the first Ctrl-C lets the running handler finish, and it takes effect', async (t) => {
  const here = place(t)
  await send(here, { orderId: 'A' })
  const run = here.start('run', config(here, ...outside('#slow')))
  await run.said('began A')
  run.child.kill('SIGINT')
  const ended = await run.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stderr, /SIGINT, finishing 1 message; again to abort/)
  assert.match(ended.stderr, /ended A/)
  const { applied } = ended.json as { applied: number }
  assert.equal(applied, 1)
})

test('the second Ctrl-C ends at once, and the message comes again', async (t) => {
  const here = place(t)
  await send(here, { orderId: 'A' })
  const quick = '        options: { leaseMs: 300, heldWaitMs: 0 }\n'
  const [marker, name] = outside('#slow')
  const run = here.start('run', config(here, marker + quick, name))
  await run.said('began A')
  run.child.kill('SIGINT')
  await run.said('again to abort')
  run.child.kill('SIGINT')
  const ended = await run.ended
  assert.equal(ended.code, 130)
  assert.doesNotMatch(ended.stderr, /ended A/)
  const listed = await here.semel('inbox', 'list', '--db', 'shop.db', '--json')
  const { records } = listed.json as { records: readonly { state: string }[] }
  assert.deepEqual(
    records.map(({ state }) => state),
    ['leased'],
  )
})

test('a handler that never settles cannot look like success', async (t) => {
  const here = place(t)
  await send(here, { orderId: 'A' })
  const [marker, name] = outside('#never')
  const run = here.start('run', config(here, `${marker}        options: { drainMs: 50 }\n`, name))
  await run.said('began')
  run.child.kill('SIGTERM')
  const ended = await run.ended
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /1 handler had not ended after drainMs/)
})

test('P19: a handler that blocks the main loop ends the process', async (t) => {
  const here = place(t)
  await send(here, { orderId: 'A' })
  const [marker, name] = outside('#block')
  const run = here.start('run', config(here, `${marker}        options: { leaseMs: 300 }\n`, name))
  const ended = await run.ended
  assert.equal(run.child.signalCode, 'SIGKILL')
  assert.match(ended.stderr, /main loop was silent for 300 ms/)
})

test('when the reader of its output goes, the command drains and ends', async (t) => {
  const here = place(t)
  await send(here, { orderId: 'A' })
  const run = here.start('run', config(here))
  await run.said('"applied"')
  run.child.stdout?.destroy()
  await send(here, { orderId: 'B' })
  const ended = await run.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.doesNotMatch(ended.stderr, /EPIPE/)
})

test('a module with consumers is run, too', async (t) => {
  const here = place(t)
  const run = here.start('run', join(fixtures, 'module.ts'))
  await run.said('"started"')
  run.child.kill('SIGINT')
  assert.equal((await run.ended).code, 0)
})

test('a consumer that ends by itself is a failure', async (t) => {
  const here = place(t)
  const ended = await here.semelWith({ env: { BREAK: '1' } }, 'run', join(fixtures, 'module.ts'))
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /^semel: SEMEL_SOURCE_CLOSED /m)
})

const base = { store: '{ sqlite: ./shop.db }', handler, key: '', topic: 'orders' }
const yaml = (change: Partial<typeof base>): string => {
  const { store, handler, key, topic } = { ...base, ...change }
  return `store: ${store}
source: { sqlite: ./shop.db }
groups:
  points:
    consumers:
      - topic: ${topic}
        handler: ${handler}
${key}`
}

for (const [what, text, why] of [
  [
    'a missing module',
    yaml({ handler: './none.ts' }),
    /SEMEL_CONFIG_INVALID semel.yaml:7:18: handler \.\/none\.ts cannot be loaded: .*none\.ts/,
  ],
  [
    'a module that throws',
    yaml({ handler: join(fixtures, 'broken.ts') }),
    /semel.yaml:7:18: handler .*this module cannot be loaded/,
  ],
  [
    'a missing function',
    yaml({ handler: `${handler}#handlr` }),
    /semel.yaml:7:18: .* exports no function "handlr"; did you mean "handler"\?; it exports .*slow/,
  ],
  [
    'an export that is no function',
    yaml({ handler: `${handler}#noFunction` }),
    /exports no function "noFunction"/,
  ],
  [
    'a missing key',
    yaml({ handler: join(fixtures, 'keyless.ts') }),
    /semel.yaml:6:9: there is no key; write key: body.NAME/,
  ],
  [
    'a missing variable',
    yaml({ topic: '${env:SEMEL_TEST_NONE}' }),
    /SEMEL_ENV_MISSING semel.yaml:6:16: SEMEL_TEST_NONE is not set/,
  ],
  [
    'an unknown option',
    yaml({ key: '        options: { leasMs: 5 }\n' }),
    /semel.yaml:8:20: options does not know "leasMs"; did you mean "leaseMs"\?/,
  ],
  [
    'two consumers for one topic',
    yaml({ key: '      - { topic: orders, handler: x.ts }\n' }),
    /SEMEL_CONSUMER_TWICE semel.yaml:8:18: .* at semel.yaml:6:16/,
  ],
] as const)
  test(`${what} is refused before anything starts`, async (t) => {
    const here = place(t)
    const error = refused(await here.semel('run', here.write('semel.yaml', text)), 2)
    assert.match(error, why)
  })

test('a file that is missing, of another kind, or whose module exports no consumers is refused', async (t) => {
  const { semel } = place(t)
  assert.match(refused(await semel('run', 'none.yaml'), 2), /none.yaml: cannot be read \(ENOENT\)/)
  assert.match(refused(await semel('run', 'none.ts'), 2), /none.ts cannot be loaded/)
  assert.match(refused(await semel('run', handler), 2), /must export consumers/)
})

test('two consumers of one group and topic in one module are refused', async (t) => {
  const ended = await place(t).semel('run', join(fixtures, 'twice.ts'))
  assert.equal(ended.code, 2, ended.stderr)
  assert.match(ended.stderr, /SEMEL_CONSUMER_TWICE/)
})

test('a store that cannot be used ends the command with its code', async (t) => {
  const here = place(t)
  here.write('shop.db', 'no database, but long enough to be taken for one '.repeat(100))
  const ended = await here.semel('run', config(here))
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /SEMEL_STORE_CORRUPT/)
})
