import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { isSemelError, options, type SemelCode } from 'semel'
import { type JsonValue, parseJson } from '../../src/inbox/json.ts'

const parse = (text: string, depthMax = 1_000): JsonValue =>
  parseJson(new TextEncoder().encode(text), depthMax)
const nested = (open: string, close: string, times: number): string =>
  `${open.repeat(times)}1${close.repeat(times)}`
const prototype = '"__proto__":{"admin":true}'
const long = '"n":90071992547409931'

test('integers beyond 2^53 are bigint, exactly', () => {
  assert.deepEqual(parse('[9007199254740993,-9007199254740993,123456789012345678901234567890]'), [
    9007199254740993n,
    -9007199254740993n,
    123456789012345678901234567890n,
  ])
})

test('a safe integer is a number, its unsafe neighbour is a bigint', () => {
  assert.deepEqual(parse('[9007199254740991,9007199254740992,-9007199254740991]'), [
    Number.MAX_SAFE_INTEGER,
    9007199254740992n,
    Number.MIN_SAFE_INTEGER,
  ])
})

test('any integer comes back with its digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
      assert.equal(BigInt(parse(String(integer)) as number | bigint), integer)
    }),
  )
})

test('other numbers are numbers', () => {
  assert.deepEqual(parse('[0.1,1e3,-0.5,3.141592653589793]'), [0.1, 1000, -0.5, 3.141592653589793])
})

test('the largest double, and an integer of 400 digits, are read', () => {
  assert.deepEqual(parse(`[1.7976931348623157e308,${'9'.repeat(400)}]`), [
    Number.MAX_VALUE,
    10n ** 400n - 1n,
  ])
})

test('209 digits and e99, the most that is not looked at, are below the largest double', () => {
  assert.deepEqual(parse(`[${'9'.repeat(209)}e99]`), [Number(`${'9'.repeat(209)}e99`)])
  assert.ok(Number.isFinite(Number(`${'9'.repeat(209)}e99`)))
})

test('of duplicate members the last one holds, with and without a long number', () => {
  assert.deepEqual(parse('{"a":1,"a":2}'), { a: 2 })
  assert.deepEqual(parse(`{"a":1,"a":2,${long}}`), { a: 2, n: 90071992547409931n })
})

test('any JSON comes back as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!text.includes('__proto__') && !/\d{16}/.test(text))
      assert.deepEqual(parse(text), JSON.parse(text))
    }),
  )
})

test('a long number changes nothing of what stands beside it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      fc.pre(!text.includes('__proto__') && !/\d{16}/.test(text))
      assert.deepEqual(parse(`[${text},90071992547409931]`), [JSON.parse(text), 90071992547409931n])
    }),
  )
})

test('non-ASCII text and a NUL come back as they were', () => {
  assert.equal(parse('"日本 🚀 \\u0000 \\ud83d\\ude80"'), '日本 🚀 \u0000 🚀')
})

test('as deep as allowed is read, in arrays and in objects', () => {
  assert.doesNotThrow(() => parse(nested('[', ']', 1_000)))
  assert.doesNotThrow(() => parse(nested('{"a":', '}', 1_000)))
  assert.doesNotThrow(() => parse(`"${'['.repeat(5_000)}"`))
  assert.doesNotThrow(() => parse(`"\\"${'['.repeat(5_000)}"`))
})

test('at the largest jsonDepthMax every parser still has room to recurse', () => {
  const deepest = options.jsonDepthMax.max
  for (const [open, leaf, close] of [
    ['[', '"\\u0041"', ']'],
    ['{"a":', '90071992547409931', '}'],
  ] as const)
    assert.doesNotThrow(() => parse(open.repeat(deepest) + leaf + close.repeat(deepest), deepest))
})

test('siblings are not depth', () => {
  assert.doesNotThrow(() => parse(`[${'[],'.repeat(5_000)}[]]`, 2))
})

const refused: readonly (readonly [what: string, text: string, code: SemelCode])[] = [
  ['100,000 arrays deep', nested('[', ']', 100_000), 'SEMEL_BODY_TOO_DEEP'],
  ['100,000 objects deep', nested('{"a":', '}', 100_000), 'SEMEL_BODY_TOO_DEEP'],
  ['100,000 deep and never closed', '['.repeat(100_000), 'SEMEL_BODY_TOO_DEEP'],
  ['one level too deep', nested('[', ']', 1_001), 'SEMEL_BODY_TOO_DEEP'],
  ['with __proto__', `{${prototype}}`, 'SEMEL_BODY_INVALID'],
  ['with __proto__ far inside', `[{"a":[{${prototype}}]}]`, 'SEMEL_BODY_INVALID'],
  ['with __proto__ escaped', '{"\\u005f_proto__":{"admin":true}}', 'SEMEL_BODY_INVALID'],
  ['with __proto__ beside a long number', `{${long},${prototype}}`, 'SEMEL_BODY_INVALID'],
  [
    'with __proto__ escaped beside a long number',
    `{${long},"__pr\\u006fto__":1}`,
    'SEMEL_BODY_INVALID',
  ],
  [
    'with a null __proto__ beside a long number',
    `{${long},"__proto__":null}`,
    'SEMEL_BODY_INVALID',
  ],
  ['with 1e400', '{"amount":1e400}', 'SEMEL_BODY_INVALID'],
  ['with -1E+400', '[-1E+400]', 'SEMEL_BODY_INVALID'],
  ['with 1e400 beside a long number', '[1e400,90071992547409931]', 'SEMEL_BODY_INVALID'],
  ['with 400 digits and a fraction', `[${'9'.repeat(400)}.5]`, 'SEMEL_BODY_INVALID'],
  ['with 300 digits and e50', `[${'9'.repeat(300)}e50]`, 'SEMEL_BODY_INVALID'],
  ['with 210 digits and e99', `[${'9'.repeat(210)}e99]`, 'SEMEL_BODY_INVALID'],
  ['with 210 digits, a fraction and E+99', `[-${'9'.repeat(210)}.9E+99]`, 'SEMEL_BODY_INVALID'],
  ['with a byte order mark', '\uFEFF{}', 'SEMEL_BODY_INVALID'],
  ['empty', '', 'SEMEL_BODY_INVALID'],
  ['cut off', '{"a":', 'SEMEL_BODY_INVALID'],
  ['two values', '1 2', 'SEMEL_BODY_INVALID'],
  ['NaN', 'NaN', 'SEMEL_BODY_INVALID'],
  ['NaN beside a long number', '[NaN,90071992547409931]', 'SEMEL_BODY_INVALID'],
  ['with a leading zero on a long number', '00000000000000001', 'SEMEL_BODY_INVALID'],
  ['with a trailing comma', '[1,]', 'SEMEL_BODY_INVALID'],
  ['with a comment', '{}//', 'SEMEL_BODY_INVALID'],
]
for (const [what, text, code] of refused)
  test(`a body that is ${what} is refused with ${code}`, () => {
    assert.throws(
      () => parse(text),
      (error) => isSemelError(error, code),
    )
  })

test('no body changes what other objects inherit', () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  for (const [, text] of refused) assert.throws(() => parse(text))
  const value = parse('{"constructor":{"prototype":{"admin":true}},"toString":1}')
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  assert.equal(({} as { admin?: true }).admin, undefined)
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('bytes that are no UTF-8 are refused', () => {
  for (const bytes of [
    [0xff],
    [0x22, 0xc3, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xff, 0xfe, 0x31, 0],
  ])
    assert.throws(
      () => parseJson(Uint8Array.from(bytes), 10),
      (error) => isSemelError(error, 'SEMEL_BODY_INVALID'),
    )
})

test('the message of a refusal never quotes the body', () => {
  assert.throws(
    () => parse('{"card":"4111111111111111",'),
    (error) => error instanceof Error && !error.message.includes('4111'),
  )
})
