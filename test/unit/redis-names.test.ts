import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { encodeScope, identityName, identityOf } from '../../src/inbox/identity.ts'
import { baseOf, identityAt, placeOf, scopeOf } from '../../src/redis/names.ts'

const name = fc.string({ unit: 'grapheme', maxLength: 12 })
const hostile = fc.constantFrom('', '{', '}', '{}', ':', '\u0000', 'a', 'ab', '%7B', '%')
const part = fc.oneof(hostile, name)
const text = part.filter((one) => one !== '')
const key = fc.oneof(
  text.map((one) => [one] as const),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => [bytes] as const),
  fc.tuple(text, text),
)
const identity = fc
  .record({ group: part, tenant: part, keyspace: part, instance: part, key })
  .map((given) => identityOf(encodeScope(given), given.key))

test('identities have one name each in Redis, and are read off it (P1)', () => {
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      const [a, b] = [placeOf(one), placeOf(other)]
      const nameOf = ({ group, id }: typeof a): string => baseOf('p:', group) + id.toString('hex')
      assert.equal(nameOf(a) === nameOf(b), identityName(one) === identityName(other))
      const again = identityAt(a.group, a.id)
      assert.equal(identityName(again), identityName(one))
      assert.deepEqual(Buffer.from(scopeOf(a.group, a.scope)), Buffer.from(one.scope))
    }),
  )
})

test('every name has one tag of a cluster, which says the group and no other', () => {
  fc.assert(
    fc.property(part, part, (one, other) => {
      const tags = [one, other].map((group) => /^p:\{([^{}]+)\}:$/.exec(baseOf('p:', group))?.[1])
      assert.ok(tags[0] && tags[1])
      assert.equal(tags[0] === tags[1], one === other)
      assert.ok(!tags.includes('%lock'))
    }),
  )
})
