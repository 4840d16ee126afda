import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { isSemelError, type SemelCode } from 'semel'
import { equalBytes, hex } from '../../src/inbox/bytes.ts'
import { digestKey, encodeKey, type KeyPart, keyKinds, readableKey } from '../../src/inbox/key.ts'

const stored = (key: unknown): string => hex(encodeKey(key).key)

test('a safe integer, a bigint and a decimal string of one number are one key (P1)', () => {
  for (const number of [0, 7, -7, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    assert.equal(stored(number), stored(BigInt(number)))
    assert.equal(stored(number), stored(String(number)))
  }
  assert.equal(stored(-0), stored(0))
})

test('a tuple of one part is that part', () => {
  assert.equal(stored(['A-1']), stored('A-1'))
  assert.equal(stored([7n]), stored(7))
})

test('a tuple is never the string that joins its parts', () => {
  const keys = [
    ['a:b', 'c'],
    ['a', 'b:c'],
    'a:b:c',
    ['a', 'b', 'c'],
    ['ab', 'c'],
    ['a', 'bc'],
    'abc',
  ]
  assert.equal(new Set(keys.map(stored)).size, keys.length)
})

test('bytes are never the text that they spell', () => {
  const bytes = new TextEncoder().encode('A-1')
  assert.notEqual(stored(bytes), stored('A-1'))
  assert.equal(stored(bytes), stored(Buffer.from(bytes)))
})

test('keys that differ in case, trailing space or Unicode form are different', () => {
  const keys = ['a', 'A', 'a ', ' a', 'é', 'e\u0301', 'a\u0000', '1', '01', '1.0']
  assert.equal(new Set(keys.map(stored)).size, keys.length)
})

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 300 })
  .filter((s) => s.isWellFormed())
const number = fc.oneof(fc.maxSafeInteger(), fc.bigInt())
const bytes = fc.uint8Array({ maxLength: 300 })
const part: fc.Arbitrary<KeyPart> = fc.oneof(
  text,
  number,
  bytes,
  fc.constantFrom('1', 1, 1n, 'a', 'b'),
)
const parts = fc.array(part, { minLength: 1, maxLength: 4 })

/** What P1 calls equal, in a form that JSON can tell apart. */
function normalised(tuple: readonly KeyPart[]): string {
  return JSON.stringify(
    tuple.map((one) =>
      one instanceof Uint8Array ? { bytes: [...one] } : String(one === 0 ? 0 : one),
    ),
  )
}

test('two keys are stored alike exactly when they are one key', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      assert.equal(stored(one) === stored(other), normalised(one) === normalised(other))
    }),
    { numRuns: 2_000 },
  )
})

test('no key is longer than 255 bytes in the store', () => {
  fc.assert(
    fc.property(parts, (key) => {
      const { key: encoded, readable } = encodeKey(key)
      assert.ok(encoded.length <= 255)
      assert.equal(readable !== undefined, encoded[0] === keyKinds.hashed)
    }),
  )
})

test('a long key is stored as its digest, with a readable beginning', () => {
  const long = 'order-'.padEnd(300, '7')
  const { key, readable } = encodeKey(long)
  assert.equal(key.length, 33)
  assert.equal(key[0], keyKinds.hashed)
  assert.ok(readable?.startsWith('order-7'))
  assert.ok((readable?.length ?? 0) <= 81)
  assert.notEqual(stored(long), stored(`${long}7`))
  assert.equal(readableKey(key, readable), readable)
})

test('255 bytes are stored as they are, 256 are not', () => {
  assert.equal(encodeKey('k'.repeat(254)).readable, undefined)
  assert.notEqual(encodeKey('k'.repeat(255)).readable, undefined)
})

test('nobody can choose a key that the system gives to a message without identity (P3)', () => {
  fc.assert(
    fc.property(parts, (key) => {
      const { key: encoded } = encodeKey(key)
      assert.ok(encoded[0] !== keyKinds.raw && encoded[0] !== keyKinds.mismatched)
    }),
  )
  const body = new TextEncoder().encode('{}')
  assert.equal(equalBytes(digestKey('raw', body), digestKey('mismatched', body)), false)
})

test('a key reads as people write it', () => {
  assert.equal(readableKey(encodeKey('A-17').key), 'A-17')
  assert.equal(readableKey(encodeKey(['order-paid', 17n]).key), 'order-paid/17')
  assert.equal(readableKey(encodeKey(Uint8Array.of(0xca, 0xfe)).key), '0xcafe')
})

const hostile: readonly (readonly [what: string, key: unknown, code: SemelCode])[] = [
  ['undefined', undefined, 'SEMEL_KEY_MISSING'],
  ['null', null, 'SEMEL_KEY_MISSING'],
  ['an empty string', '', 'SEMEL_KEY_MISSING'],
  ['undefined in a tuple', ['a', undefined], 'SEMEL_KEY_MISSING'],
  ['a hole in a tuple', ['a', , 'b'], 'SEMEL_KEY_MISSING'], // oxlint-disable-line no-sparse-arrays
  ['an empty string in a tuple', ['a', ''], 'SEMEL_KEY_MISSING'],
  ['an empty tuple', [], 'SEMEL_KEY_INVALID'],
  ['a tuple in a tuple', ['a', ['b']], 'SEMEL_KEY_INVALID'],
  ['a tuple of one tuple', [['a', 'b']], 'SEMEL_KEY_INVALID'],
  ['a fraction', 1.5, 'SEMEL_KEY_INVALID'],
  ['NaN', Number.NaN, 'SEMEL_KEY_INVALID'],
  ['Infinity', Number.POSITIVE_INFINITY, 'SEMEL_KEY_INVALID'],
  ['2^53', 2 ** 53, 'SEMEL_KEY_INVALID'],
  ['an object', { id: 1 }, 'SEMEL_KEY_INVALID'],
  ['a boolean', true, 'SEMEL_KEY_INVALID'],
  ['a symbol', Symbol('a'), 'SEMEL_KEY_INVALID'],
  ['a function', () => 'a', 'SEMEL_KEY_INVALID'],
  ['a date', new Date(0), 'SEMEL_KEY_INVALID'],
  ['a promise', Promise.resolve('a'), 'SEMEL_KEY_INVALID'],
  ['a lone surrogate', 'a\uD800', 'SEMEL_KEY_INVALID'],
  ['a lone surrogate in a tuple', ['a', '\uDC00'], 'SEMEL_KEY_INVALID'],
  ['a string of 1 MB', 'k'.repeat(2 ** 20), 'SEMEL_KEY_TOO_LONG'],
  ['bytes of 1 MB', new Uint8Array(2 ** 20), 'SEMEL_KEY_TOO_LONG'],
  ['a tuple of 1 MB', Array.from({ length: 2 ** 16 }, () => 'k'.repeat(16)), 'SEMEL_KEY_TOO_LONG'],
]
for (const [what, key, code] of hostile)
  test(`a key that is ${what} is refused with ${code}`, () => {
    assert.throws(
      () => encodeKey(key),
      (error) => isSemelError(error, code),
    )
  })
