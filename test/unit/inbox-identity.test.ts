import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { isSemelError } from 'semel'
import { compose, decompose, fromHex, hex } from '../../src/inbox/bytes.ts'
import {
  decodeScope,
  encodeOrigin,
  encodeScope,
  groupRange,
  identityName,
  identityOf,
  mismatchedIdentity,
  rawIdentity,
  type Scope,
} from '../../src/inbox/identity.ts'

const name = fc.string({ unit: 'grapheme', maxLength: 20 })
const maybe = fc.option(name.filter(Boolean), { nil: undefined })
const scopes: fc.Arbitrary<Scope> = fc.record(
  { group: name, keyspace: name, tenant: maybe, instance: maybe },
  { noNullPrototype: true },
)
const below = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) < 0

test('a scope comes back from its bytes', () => {
  fc.assert(
    fc.property(scopes, (scope) => assert.deepEqual(decodeScope(encodeScope(scope)), scope)),
  )
})

test('two scopes are never one', () => {
  const fields = [
    { group: 'ab', keyspace: 'c' },
    { group: 'a', keyspace: 'bc' },
    { group: 'a', keyspace: 'c', tenant: 'b' },
    { group: 'a', keyspace: 'c', instance: 'b' },
    { group: 'A', keyspace: 'c' },
  ]
  assert.equal(new Set(fields.map((scope) => hex(encodeScope(scope)))).size, fields.length)
})

test('the range of a group covers its scopes and no other', () => {
  fc.assert(
    fc.property(scopes, name, (scope, group) => {
      const range = groupRange(group)
      const bytes = encodeScope(scope)
      assert.equal(!below(bytes, range.from) && below(bytes, range.below), scope.group === group)
    }),
    {
      examples: [
        [{ group: 'a', keyspace: '\u{10ffff}'.repeat(100) }, 'a'],
        [{ group: 'a', keyspace: 'k', tenant: 't'.repeat(200) }, 'a'],
      ],
    },
  )
})

test('parts come back from their composition', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
      assert.deepEqual(decompose(compose(parts)).map(hex), parts.map(hex))
    }),
    {
      examples: [[[0, 127, 128, 255, 256, 16_383, 16_384].map((length) => new Uint8Array(length))]],
    },
  )
  assert.equal(hex(fromHex('00ff')), '00ff')
})

test('one key is another identity in another group, tenant, keyspace and instance', () => {
  const base = { group: 'g', keyspace: 'k' }
  const others = [
    base,
    { ...base, group: 'h' },
    { ...base, tenant: 't' },
    { ...base, instance: 'i' },
  ]
  const names = [...others, { ...base, keyspace: 'l' }].map((scope) =>
    identityName(identityOf(encodeScope(scope), 'A-1')),
  )
  assert.equal(new Set(names).size, names.length)
})

test('what has no identity of its own finds the same record again (P3)', () => {
  const scope = encodeScope({ group: 'g', keyspace: 'k' })
  const body = new TextEncoder().encode('{')
  const message = { topic: 'orders', id: 'm-1', tag: undefined, key: undefined, headers: {}, body }
  const known = identityOf(scope, 'A-1')
  const again = (): readonly string[] =>
    [
      rawIdentity(scope, message),
      rawIdentity(scope, { ...message, topic: 'refunds' }),
      mismatchedIdentity(known, Uint8Array.of(1, 2)),
      mismatchedIdentity(known, Uint8Array.of(1, 3)),
      known,
    ].map(identityName)
  assert.deepEqual(again(), again())
  assert.equal(new Set(again()).size, 5)
})

test('a parked message belongs to its group, topic and instance', () => {
  const origins = [
    { group: 'g', topic: 't' },
    { group: 'gt', topic: '' },
    { group: 'g', topic: 't', instance: 'i' },
  ]
  assert.equal(new Set(origins.map((origin) => hex(encodeOrigin(origin)))).size, origins.length)
})

for (const [what, group] of [
  ['a lone surrogate', '\uD800'],
  ['201 characters', 'g'.repeat(201)],
  ['a number', 7 as unknown as string],
] as const)
  test(`a group named by ${what} is refused`, () => {
    assert.throws(
      () => encodeScope({ group, keyspace: 'k' }),
      (error) => isSemelError(error, 'SEMEL_OPTION_INVALID') && error.message.includes('group'),
    )
  })
