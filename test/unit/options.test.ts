import assert from 'node:assert/strict'
import test from 'node:test'
import { isSemelError, type Option, options, type SemelCode } from 'semel'
import { refuseUnknown, resolveOptions, suggestion } from '../../src/options/resolve.ts'

const resolve = (given: unknown): { readonly leaseMs: number; readonly ratePerSecondMax: number } =>
  resolveOptions('semel()', given as object, ['leaseMs', 'ratePerSecondMax'], ['group'])

function refusal(given: unknown, code: SemelCode): string {
  try {
    resolve(given)
  } catch (error) {
    assert.ok(isSemelError(error, code), String(error))
    return error.message
  }
  return assert.fail('nothing was refused')
}

test('what is not given has its default', () => {
  assert.deepEqual(resolve({ group: 'g' }), { leaseMs: 30_000, ratePerSecondMax: 1_000_000 })
  assert.deepEqual(resolve({ leaseMs: undefined, ratePerSecondMax: 0.5 }), {
    leaseMs: 30_000,
    ratePerSecondMax: 0.5,
  })
})

test('an unknown option is refused with the nearest name', () => {
  assert.match(
    refusal({ leaseMS: 1 }, 'SEMEL_OPTION_UNKNOWN'),
    /"leaseMS"; did you mean "leaseMs"\?/,
  )
  assert.match(refusal({ LEASEMS: 1 }, 'SEMEL_OPTION_UNKNOWN'), /did you mean "leaseMs"\?/)
  assert.match(refusal({ groop: 'g' }, 'SEMEL_OPTION_UNKNOWN'), /did you mean "group"\?/)
})

test('a name that is near to nothing gets no suggestion', () => {
  assert.equal(suggestion('colour', ['leaseMs', 'group']), '')
  assert.equal(suggestion('a', []), '')
})

test('an option of another factory is unknown here', () => {
  assert.match(refusal({ prefetchMax: 1 }, 'SEMEL_OPTION_UNKNOWN'), /semel\(\) does not know/)
})

test('a member that every object inherits is no known option', () => {
  assert.throws(
    () => refuseUnknown('semel()', ['toString'], ['group']),
    (error) => isSemelError(error, 'SEMEL_OPTION_UNKNOWN'),
  )
})

test('out of range is refused with range, unit and value', () => {
  const message = refusal({ leaseMs: 99 }, 'SEMEL_OPTION_INVALID')
  for (const part of ['leaseMs', '99', '100', '3600000', 'ms'])
    assert.ok(message.includes(part), message)
})

for (const [what, leaseMs] of [
  ['a string', '30000'],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a fraction', 1000.5],
  ['null', null],
  ['a bigint', 30_000n],
  ['an object whose toString throws', { toString: () => assert.fail('called') }],
  ['a negative number', -1],
  ['too large', 3_600_001],
] as const)
  test(`an option that is ${what} is refused`, () => {
    refusal({ leaseMs }, 'SEMEL_OPTION_INVALID')
  })

for (const [what, given] of [
  ['null', null],
  ['a string', 'leaseMs'],
  ['nothing', undefined],
] as const)
  test(`options that are ${what} are refused`, () => {
    refusal(given, 'SEMEL_OPTION_INVALID')
  })

for (const [name, option] of Object.entries<Option>(options))
  test(`${name} has a default within its range, its unit in its name, and a sentence`, () => {
    assert.ok(option.min <= option.default && option.default <= option.max)
    assert.ok(Number.isSafeInteger(option.default) && Number.isSafeInteger(option.max))
    assert.equal(option.unit === 'ms', /Ms(Max)?$/.test(name))
    assert.equal(option.unit === 'bytes', /Bytes(Max)?$/.test(name))
    assert.match(option.says, /^[A-Z].*\.$/)
  })
