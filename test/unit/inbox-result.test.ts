import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { isSemelError, type SemelCode } from 'semel'
import { decodeResult, encodeResult } from '../../src/inbox/result.ts'

const roundTrip = (result: unknown): unknown => decodeResult(encodeResult(result, 65_536))

test('plain data comes back equal', () => {
  for (const result of [
    null,
    true,
    0,
    -1.5,
    '',
    'Ünïcödé 🚀',
    'a\uD800',
    [],
    {},
    [[null]],
    { a: { b: [1] } },
  ])
    assert.deepEqual(roundTrip(result), result)
})

test('whatever JSON can say comes back equal', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (result) => {
      fc.pre(!JSON.stringify(result).includes('__proto__'))
      assert.deepEqual(roundTrip(result), JSON.parse(JSON.stringify(result)))
    }),
  )
})

test('no result is stored as no text, and comes back as none', () => {
  assert.equal(encodeResult(undefined, 0), undefined)
  assert.equal(decodeResult(undefined), undefined)
})

test('an undefined member is as good as none', () => {
  assert.deepEqual(roundTrip({ a: 1, b: undefined }), { a: 1 })
})

test('one object in two places is no circle', () => {
  const line = { id: 1 }
  assert.deepEqual(roundTrip([line, line, { line }]), [line, line, { line }])
})

test('an object without a prototype is plain', () => {
  assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
})

test('the size is counted in bytes of UTF-8', () => {
  assert.equal(encodeResult('é', 4), '"é"')
  assert.throws(
    () => encodeResult('é', 3),
    (error) => isSemelError(error, 'SEMEL_RESULT_TOO_LARGE') && error.message.includes('4 bytes'),
  )
})

const circle: { self?: unknown } = {}
circle.self = [circle]
class Money {
  readonly cents = 1
}
const refused: readonly (readonly [what: string, result: unknown, code: SemelCode])[] = [
  ['circular', circle, 'SEMEL_RESULT_INVALID'],
  ['a bigint', 1n, 'SEMEL_RESULT_INVALID'],
  ['a bigint inside', { total: [1n] }, 'SEMEL_RESULT_INVALID'],
  ['a date', new Date(0), 'SEMEL_RESULT_INVALID'],
  ['an invalid date', { at: new Date(Number.NaN) }, 'SEMEL_RESULT_INVALID'],
  ['a Map', new Map([[1, 2]]), 'SEMEL_RESULT_INVALID'],
  ['a Set inside', [new Set([1])], 'SEMEL_RESULT_INVALID'],
  ['bytes', Uint8Array.of(1), 'SEMEL_RESULT_INVALID'],
  ['an instance of a class', new Money(), 'SEMEL_RESULT_INVALID'],
  ['NaN', Number.NaN, 'SEMEL_RESULT_INVALID'],
  ['Infinity inside', [Number.POSITIVE_INFINITY], 'SEMEL_RESULT_INVALID'],
  ['a function', () => 1, 'SEMEL_RESULT_INVALID'],
  ['a function inside', { log: () => 1 }, 'SEMEL_RESULT_INVALID'],
  ['a symbol', Symbol('a'), 'SEMEL_RESULT_INVALID'],
  ['an error', new Error('no'), 'SEMEL_RESULT_INVALID'],
  ['a promise', Promise.resolve(1), 'SEMEL_RESULT_INVALID'],
  ['undefined in an array', [undefined], 'SEMEL_RESULT_INVALID'],
  ['a hole in an array', [1, , 2], 'SEMEL_RESULT_INVALID'], // oxlint-disable-line no-sparse-arrays
  ['an object with toJSON', { toJSON: () => 1 }, 'SEMEL_RESULT_INVALID'],
  ['an object with toJSON behind it', Object.create({ toJSON: () => 1 }), 'SEMEL_RESULT_INVALID'],
  [
    'an object with a getter that throws',
    {
      get a(): never {
        throw new Error('no')
      },
    },
    'SEMEL_RESULT_INVALID',
  ],
  ['an array with a name', Object.assign([1], { total: 2 }), 'SEMEL_RESULT_INVALID'],
  ['100,000 deep', deep(100_000), 'SEMEL_RESULT_INVALID'],
  ['1 MB', 'r'.repeat(2 ** 20), 'SEMEL_RESULT_TOO_LARGE'],
]
for (const [what, result, code] of refused)
  test(`a result that is ${what} is refused with ${code}`, () => {
    assert.throws(
      () => encodeResult(result, 65_536),
      (error) => isSemelError(error, code),
    )
  })

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
