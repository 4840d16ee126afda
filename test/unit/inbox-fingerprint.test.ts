import assert from 'node:assert/strict'
import test from 'node:test'
import { isSemelError } from 'semel'
import { hex, utf8 } from '../../src/inbox/bytes.ts'
import {
  bodyFingerprint,
  correctedFingerprint,
  differs,
  fieldsFingerprint,
  fingerprintVersions,
  noFingerprint,
} from '../../src/inbox/fingerprint.ts'
import type { JsonValue } from '../../src/inbox/json.ts'

const of = (fields: JsonValue): string => hex(fieldsFingerprint(fields))

test('a fingerprint begins with its version (P2)', () => {
  assert.equal(noFingerprint[0], fingerprintVersions.off)
  assert.equal(bodyFingerprint(utf8('{}'))[0], fingerprintVersions.body)
  assert.equal(fieldsFingerprint({})[0], fingerprintVersions.fields)
  assert.equal(fieldsFingerprint(utf8('{}'))[0], fingerprintVersions.bytes)
  assert.equal(bodyFingerprint(utf8('{}')).length, 33)
})

test('fingerprints of two versions are never compared', () => {
  const all = [
    noFingerprint,
    bodyFingerprint(utf8('1')),
    fieldsFingerprint(1),
    fieldsFingerprint(utf8('1')),
  ]
  for (const one of all) for (const other of all) assert.equal(differs(one, other), false)
})

test('fingerprints of one version differ when their content does', () => {
  assert.equal(differs(bodyFingerprint(utf8('{"a":1}')), bodyFingerprint(utf8('{"a": 1}'))), true)
  assert.equal(differs(bodyFingerprint(utf8('{"a":1}')), bodyFingerprint(utf8('{"a":1}'))), false)
  assert.equal(differs(fieldsFingerprint(1), fieldsFingerprint(2)), true)
})

test('declared fields are compared in canonical form', () => {
  assert.equal(of({ a: 1, b: [2, 'x'] }), of({ b: [2, 'x'], a: 1.0 }))
  assert.equal(of({ a: { c: 1, b: 2 } }), of({ a: { b: 2, c: 1 } }))
  assert.notEqual(of([1, 2]), of([2, 1]))
  assert.notEqual(of({ a: 1 }), of({ a: '1' }))
  assert.notEqual(of(null), of('null'))
})

test('a bigint is compared exactly', () => {
  assert.notEqual(of(2n ** 60n), of(2n ** 60n + 1n))
  assert.notEqual(of(1n), of('1'))
  assert.equal(of({ a: [1n] }), of({ a: [1n] }))
})

test('a corrected body changes the fingerprint of a body alone', () => {
  const body = utf8('{"amount":2}')
  const fields = fieldsFingerprint({ amount: 1 })
  assert.equal(correctedFingerprint(fields, body), fields)
  assert.equal(correctedFingerprint(noFingerprint, body), noFingerprint)
  const corrected = correctedFingerprint(bodyFingerprint(utf8('{}')), body)
  assert.deepEqual(corrected, bodyFingerprint(body))
})

test('an object without a prototype is plain', () => {
  assert.equal(of(Object.assign(Object.create(null), { a: 1 })), of({ a: 1 }))
})

for (const [what, fields] of [
  ['NaN', Number.NaN],
  ['undefined', undefined],
  ['a lone surrogate', '\uD800'],
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
  ['a date', new Date(1)],
  ['a date inside', { at: [new Date(1)] }],
  ['a map', new Map([[1, 2]])],
  ['a set', new Set([1])],
  ['bytes inside', { digest: Uint8Array.of(1) }],
  ['an instance of a class', new (class Money {})()],
] as const)
  test(`a fingerprint of ${what} is refused`, () => {
    assert.throws(
      () => fieldsFingerprint(fields as unknown as JsonValue),
      (error) => isSemelError(error, 'SEMEL_OPTION_INVALID'),
    )
  })
