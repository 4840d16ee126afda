import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import {
  catalog,
  type CatalogEntry,
  DeadLetter,
  isSemelError,
  RetryLater,
  SemelError,
  TooEarly,
} from 'semel'
import { assertThat, describeError, unreachable } from '../../src/errors/semel-error.ts'
import { isDeadLetter, isRetryLater, isTooEarly } from '../../src/errors/steering.ts'

const root = join(import.meta.dirname, '../..')
const codes = Object.keys(catalog)

function textOf(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('errors/catalog.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
}
const source = textOf('src')
/** Codes, and no variables of the environment: those stand behind `env` or in front of `=`. */
function named(text: string): Set<string> {
  const codesAlone = text.replace(/\benv(?:\.|\[')SEMEL_\w+|\bSEMEL_\w+=/g, '')
  return new Set(codesAlone.match(/\bSEMEL_[A-Z_]*[A-Z]\b(?!_)/g))
}

test('every code that the source names stands in the catalogue', () => {
  const unknown = [...named(source)].filter((code) => !codes.includes(code) && !isPrefix(code))
  assert.deepEqual(unknown, [])
})

/** Doc comments abbreviate a family: SEMEL_STORE_… */
function isPrefix(code: string): boolean {
  return source.includes(`${code}_…`)
}

test('every code of the catalogue is raised somewhere in the source', () => {
  const raised = new Set(source.match(/'SEMEL_[A-Z_]+'/g)?.map((code) => code.slice(1, -1)))
  assert.deepEqual(
    codes.filter((code) => !raised.has(code)),
    [],
  )
})

test('the page has one heading for each code, in the same order', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  assert.deepEqual(
    page.match(/^## .*$/gm),
    codes.map((code) => `## ${code}`),
  )
})

for (const [code, { when, advice }] of Object.entries<CatalogEntry>(catalog))
  test(`${code} says in a sentence when, and in another what to do`, () => {
    assert.match(when, /^(?:[A-Z]|\w+\(\)).*\.$/)
    assert.match(advice, /^[A-Z].*\.$/)
    assert.doesNotMatch(`${when}${advice}`, /\n/)
  })

test('an error carries what stands behind its code', () => {
  const cause = new Error('socket closed')
  const error = new SemelError('SEMEL_HELD', 'the key is held', { cause, retryAfterMs: 7 })
  assert.equal(error.retryable, true)
  assert.equal(error.advice, catalog.SEMEL_HELD.advice)
  assert.equal(error.retryAfterMs, 7)
  assert.equal(error.cause, cause)
  assert.equal(error.name, 'SemelError')
  assert.equal(new SemelError('SEMEL_DEAD', 'dead').retryable, false)
})

test('an error is known by its brand, also one of another copy of the package', () => {
  const foreign = Object.assign(new Error('held'), { '~semel': 'error', code: 'SEMEL_HELD' })
  assert.equal(isSemelError(foreign), true)
  assert.equal(isSemelError(foreign, 'SEMEL_HELD'), true)
  assert.equal(isSemelError(foreign, 'SEMEL_DEAD'), false)
  for (const other of [new Error('no'), null, undefined, 'SEMEL_HELD', { code: 'SEMEL_HELD' }])
    assert.equal(isSemelError(other), false)
})

test('what a handler throws to steer is told apart, and is no error of ours', () => {
  const [later, dead, early] = [
    new RetryLater(5),
    new DeadLetter('no stock'),
    new TooEarly('not paid'),
  ]
  assert.deepEqual([later, dead, early].map(isRetryLater), [true, false, false])
  assert.deepEqual([later, dead, early].map(isDeadLetter), [false, true, false])
  assert.deepEqual([later, dead, early].map(isTooEarly), [false, false, true])
  assert.equal(isSemelError(dead), false)
  assert.equal(dead.message, 'no stock')
})

test('a delay that makes no sense is no delay', () => {
  assert.equal(new RetryLater(-1).delayMs, 0)
  assert.equal(new RetryLater(Number.NaN).delayMs, 0)
  assert.equal(new RetryLater(1_500).delayMs, 1_500)
})

test('a broken promise of ours has its code', () => {
  const broken = (error: unknown): boolean => isSemelError(error, 'SEMEL_INVARIANT_BROKEN')
  assert.throws(() => assertThat(false, 'why'), broken)
  assert.throws(() => unreachable('x' as never), broken)
  assert.doesNotThrow(() => assertThat(true, 'why'))
})

test('whatever was thrown has a text of at most 500 characters', () => {
  for (const thrown of [
    new TypeError('no'),
    'no',
    undefined,
    null,
    7,
    { a: 1 },
    Symbol('a'),
    new Error('x'.repeat(9_999)),
  ]) {
    const text = describeError(thrown)
    assert.ok(text.length > 0 && text.length <= 500)
  }
  assert.equal(describeError(new TypeError('no')), 'TypeError: no')
  assert.equal(describeError('🚀'.repeat(499)).isWellFormed(), true)
})

test('whatever was thrown has a text, however hostile it is', () => {
  const hostile = [
    Object.create(null),
    { toString: () => assert.fail('toString') },
    Object.defineProperty(new Error('a'), 'message', { get: () => assert.fail('message') }),
    new Proxy(
      {},
      {
        get: () => assert.fail('get'),
        has: () => assert.fail('has'),
        getPrototypeOf: () => assert.fail('proto'),
      },
    ),
  ]
  for (const thrown of hostile) {
    assert.equal(typeof describeError(thrown), 'string')
    assert.equal(isSemelError(thrown) || isRetryLater(thrown), false)
  }
})
