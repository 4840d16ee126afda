import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isSemelError } from 'semel'
import { readConfig } from '../../src/config/read-config.ts'

const good = `store: { sqlite: ./shop.db }
source:
  sqlite: \${env:DB:./queue.db}
groups:
  points:
    consumers:
      - topic: orders
        tag: PAID
        key: [body.orderId, headers.shop]
        handler: ./points.ts#grant
        fingerprint: [body.amount]
        strategy: { marker: { because: mails may repeat } }
        options: { attemptsMax: 5 }
  mails:
    store: { memory: mails }
    consumers:
      - { topic: orders, handler: ./mails.ts, key: id, fingerprint: off }
`

function read(text: string, env: Record<string, string> = {}): ReturnType<typeof readConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'semel-config-'))
  const here = process.cwd()
  try {
    process.chdir(folder)
    writeFileSync('semel.yaml', text)
    return readConfig('semel.yaml', env)
  } finally {
    process.chdir(here)
    rmSync(folder, { recursive: true })
  }
}

/** `CODE line:column` and the rest of the message. */
function refusal(text: string): readonly [string, string] {
  try {
    read(text)
  } catch (error) {
    assert.ok(isSemelError(error), String(error))
    const [, place, why] = /^semel\.yaml:(\d+:\d+): (.*)$/.exec(error.message) ?? []
    assert.ok(place !== undefined && why !== undefined, error.message)
    return [`${error.code} ${place}`, why]
  }
  assert.fail('it was not refused')
}

test('a file says what each consumer is, with the defaults of group and file', () => {
  const { plans } = read(good, { DB: 'other.db' })
  const [points, mails] = plans
  assert.deepEqual(points?.store, { sqlite: './shop.db' })
  assert.deepEqual(points?.source, { sqlite: 'other.db' })
  assert.deepEqual(points?.consumer, {
    topic: 'orders',
    tag: 'PAID',
    key: ['body.orderId', 'headers.shop'],
    handler: './points.ts#grant',
    fingerprint: ['body.amount'],
    strategy: { marker: { because: 'mails may repeat' } },
    options: { attemptsMax: 5 },
  })
  assert.equal(points?.where('handler'), 'semel.yaml:10:18')
  assert.deepEqual(mails?.store, { memory: 'mails' })
  assert.deepEqual(mails?.source, { sqlite: 'other.db' })
})

test('without the variable its default stands', () => {
  assert.deepEqual(read(good).plans[0]?.source, { sqlite: './queue.db' })
})

test('a number from the environment is a number, in quotes it is a text', () => {
  const attempts = (value: string): string =>
    good.replace('{ attemptsMax: 5 }', `\n          attemptsMax: ${value}`)
  const plan = read(attempts('${env:N}'), { N: '7' }).plans[0]
  assert.equal(plan?.consumer.options?.['attemptsMax'], 7)
  const [, why] = refusal(attempts("'${env:N:7}'"))
  assert.equal(why, 'attemptsMax: it is a text; allowed are 1 to 1000 (attempts)')
})

test('what a variable contains is not looked at again, and cannot become YAML', () => {
  const plan = read(good, { DB: '${env:HOME}: [x]' }).plans[0]
  assert.deepEqual(plan?.source, { sqlite: '${env:HOME}: [x]' })
})

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const bomb = `x: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghi'
  .split('')
  .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join(',')}]`)
  .join('\n')}\ngroups: *i\n`

for (const [what, text, code, why] of [
  [
    'a misspelt name',
    good.replace('topic:', 'tpic:'),
    'SEMEL_CONFIG_INVALID 7:9',
    /"tpic"; did you mean "topic"\? \(and 1 more\)/,
  ],
  [
    'a misspelt option',
    good.replace('attemptsMax', 'attemptMax'),
    'SEMEL_CONFIG_INVALID 13:20',
    /did you mean "attemptsMax"/,
  ],
  [
    'an option of something else',
    good.replace('attemptsMax', 'busyMsMax'),
    'SEMEL_CONFIG_INVALID 13:20',
    /options does not know/,
  ],
  [
    'a number out of range',
    good.replace('attemptsMax: 5', 'attemptsMax: 0'),
    'SEMEL_CONFIG_INVALID 13:33',
    /it is 0; allowed are 1 to 1000 \(attempts\)/,
  ],
  [
    'a fraction',
    good.replace('attemptsMax: 5', 'attemptsMax: 1.5'),
    'SEMEL_CONFIG_INVALID 13:33',
    /it is 1.5/,
  ],
  [
    'a missing topic',
    good.replace('topic: orders, ', ''),
    'SEMEL_CONFIG_INVALID 17:9',
    /a consumer needs "topic"/,
  ],
  [
    'a missing environment variable',
    good.replace('${env:DB:./queue.db}', '${env:DB}'),
    'SEMEL_ENV_MISSING 3:11',
    /^DB is not set$/,
  ],
  [
    'a reference of another kind',
    good.replace('${env:DB:./queue.db}', '${DB}'),
    'SEMEL_CONFIG_INVALID 3:11',
    /write \$\{env:NAME\}/,
  ],
  [
    'a reference without quotes in braces',
    good.replace('./shop.db }', '${env:DB} }'),
    'SEMEL_CONFIG_INVALID 1:19',
    /put quotes around/,
  ],
  [
    'a name twice',
    good.replace('tag: PAID', 'topic: payments'),
    'SEMEL_CONFIG_INVALID 8:9',
    /for the second time/,
  ],
  [
    'two consumers of one group and topic',
    good.replace(
      '  mails:',
      '      - { topic: orders, tag: SENT, handler: ./x.ts, key: id }\n  mails:',
    ),
    'SEMEL_CONSUMER_TWICE 14:18',
    /already has a consumer of topic orders, at semel.yaml:7:16/,
  ],
  [
    'a marker without a reason',
    good.replace('{ because: mails may repeat }', '{}'),
    'SEMEL_CONFIG_INVALID 12:29',
    /needs "because"/,
  ],
  [
    'another strategy',
    good.replace('{ marker: { because: mails may repeat } }', 'inbax'),
    'SEMEL_CONFIG_INVALID 12:19',
    /it is inbox, or/,
  ],
  [
    'another technology',
    good.replace('sqlite: ./shop.db', 'sqllite: ./shop.db'),
    'SEMEL_CONFIG_INVALID 1:10',
    /did you mean "sqlite"/,
  ],
  [
    'a source that nobody can send to',
    good.replace('source:\n  sqlite', 'source:\n  memory'),
    'SEMEL_CONFIG_INVALID 3:3',
    /does not know "memory"/,
  ],
  [
    'two technologies at once',
    good.replace('{ sqlite: ./shop.db }', '{ sqlite: a, memory: b }'),
    'SEMEL_CONFIG_INVALID 1:8',
    /it is \{ sqlite: … \} or/,
  ],
  [
    'no store anywhere',
    good.replace('store: { sqlite: ./shop.db }\n', ''),
    'SEMEL_CONFIG_INVALID 6:9',
    /group points has no store/,
  ],
  [
    'a key that is no path',
    good.replace('key: id', 'key: orderId'),
    'SEMEL_CONFIG_INVALID 17:52',
    /a path is id, key/,
  ],
  [
    'an empty list of paths',
    good.replace('[body.amount]', '[]'),
    'SEMEL_CONFIG_INVALID 11:22',
    /the list is empty/,
  ],
  [
    'an empty value',
    good.replace('tag: PAID', 'tag:'),
    'SEMEL_CONFIG_INVALID 8:13',
    /it must be a text, it is empty/,
  ],
  [
    'an unknown tag',
    good.replace('PAID', '!!js/function x'),
    'SEMEL_CONFIG_INVALID 8:14',
    /Unresolved tag/,
  ],
  [
    'a name that validators pass over',
    good.replace('points:', '__proto__:'),
    'SEMEL_CONFIG_INVALID 5:3',
    /cannot be a name/,
  ],
  ['no group', 'groups: {}', 'SEMEL_CONFIG_INVALID 1:9', /there is no group/],
  ['nothing', '', 'SEMEL_CONFIG_INVALID 1:1', /a mapping of names, it is empty/],
  ['a second document', `${good}---\n`, 'SEMEL_CONFIG_INVALID 18:1', /more than one document/],
  ['an alias bomb', bomb, 'SEMEL_CONFIG_INVALID 2:8', /aliases multiply/],
  [
    'an alias that does not exist',
    good.replace('PAID', '*none'),
    'SEMEL_CONFIG_INVALID 8:14',
    /there is no &none before/,
  ],
  [
    'a million characters',
    ' '.repeat(1_100_000),
    'SEMEL_CONFIG_INVALID 1:1',
    /allowed are 1048576/,
  ],
] as const)
  test(`${what} is refused with its place`, () => {
    const [where, said] = refusal(text)
    assert.equal(where, code)
    assert.match(said, why)
    assert.doesNotMatch(said, /\n/)
  })

test('100,000 levels are refused', () => {
  assert.match(refusal(nested(100_000))[1], /nests too deep/)
})

test('a text is never quoted in an error: it may be a secret', () => {
  const [, why] = refusal(good.replace('consumers:', 'consumers: hunter2 #'))
  assert.doesNotMatch(why, /hunter2/)
})

test('a file that cannot be read is named', () => {
  assert.throws(() => readConfig('/nowhere/semel.yaml', {}), {
    code: 'SEMEL_CONFIG_INVALID',
    message: '/nowhere/semel.yaml: cannot be read (ENOENT)',
  })
})
