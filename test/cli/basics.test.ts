import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'node:test'
import { place, refused } from './kit.ts'

const root = resolve(import.meta.dirname, '../..')

test('--version is that of the package, --help names every command', async (t) => {
  const { semel } = place(t)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  assert.equal((await semel('--version')).stdout, `${version}\n`)
  const help = await semel('--help')
  assert.equal(help.code, 0)
  for (const name of ['run', 'send', 'inbox', 'parked', 'queue', 'migrate', 'demo'])
    assert.match(help.stdout, new RegExp(`^  ${name} `, 'm'))
  assert.match(help.stdout, /Examples:/)
})

for (const words of [
  ['run'],
  ['send'],
  ['migrate'],
  ['queue', 'list'],
  ['queue', 'peek'],
  ['parked', 'list'],
  ['parked', 'show'],
  ...['list', 'show', 'redrive', 'skip', 'release', 'forget', 'prune'].map((act) => ['inbox', act]),
])
  test(`semel ${words.join(' ')} --help ends with examples of itself`, async (t) => {
    const help = await place(t).semel(...words, '--help')
    assert.equal(help.code, 0)
    assert.match(help.stdout.split('Examples:')[1] ?? '', new RegExp(`semel ${words.join(' ')}\\b`))
  })

test('a command that does not exist is refused with the nearest', async (t) => {
  const { semel } = place(t)
  const error = refused(await semel('inbox', 'lst'), 2)
  assert.match(error, /SEMEL_USAGE unknown command 'lst'.*did you mean list/i)
  assert.match(refused(await semel('rnu'), 2), /did you mean run/i)
  assert.match(refused(await semel('inbox', 'list', '--grup', 'x'), 2), /did you mean --group/i)
})

test('without a command there is help, and it does not look like success', async (t) => {
  const { semel } = place(t)
  for (const words of [[], ['inbox']]) {
    const ended = await semel(...words)
    assert.equal(ended.code, 2)
    assert.match(ended.stderr, /Usage: semel/)
  }
})

test('with --json an error is the last line of standard output, too', async (t) => {
  const { semel } = place(t)
  const ended = await semel('inbox', 'list', '--db', 'none.db', '--json')
  refused(ended, 2)
  const { error } = ended.json as { error: { code: string } }
  assert.equal(error.code, 'SEMEL_USAGE')
})

test('a stack is printed only when it is asked for', async (t) => {
  const { semelWith } = place(t)
  const words = ['inbox', 'list', '--db', 'none.db']
  assert.doesNotMatch((await semelWith({}, ...words)).stderr, /\n\s+at /)
  assert.match((await semelWith({ env: { SEMEL_DEBUG: '1' } }, ...words)).stderr, /\n\s+at /)
})

test('a number out of range is refused', async (t) => {
  const error = refused(await place(t).semel('inbox', 'list', '--db', 'x', '--limit', '0'), 2)
  assert.match(error, /--limit.*Allowed are whole numbers from 1 to 10000/)
})

test('an old Node is told so in one line, before anything else loads', () => {
  const source = readFileSync(join(root, 'src/cli/bin.ts'), 'utf8')
  assert.doesNotMatch(source, /^import/m)
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [
      '--conditions=semel-source',
      '--import',
      `data:text/javascript,${encodeURIComponent(old)}`,
      join(root, 'src/cli/bin.ts'),
      'inbox',
    ],
    { encoding: 'utf8' },
  )
  assert.equal(status, 1)
  assert.match(stderr, /^semel needs Node 22\.22 or newer, this is v[\d.]+\n$/)
  assert.equal(stdout, '')
})
