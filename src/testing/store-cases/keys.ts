import assert from 'node:assert/strict'
import {
  decodeScope,
  encodeScope,
  type Identity,
  identityOf,
  mismatchedIdentity,
  rawIdentity,
  type Scope,
} from '../../inbox/identity.ts'
import { type Key, readableKey } from '../../inbox/key.ts'
import {
  claim,
  completed,
  identity,
  leased,
  newRecord,
  otherFingerprint,
  read,
  same,
  settled,
  parkedMessage,
} from '../store-kit.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

const scope = encodeScope({ group: 'points', keyspace: 'orders' })

/** Whether each of these is a key of its own: all are claimed, none meets another. */
async function allDiffer(opened: OpenedStore, keys: readonly Identity[]): Promise<void> {
  for (const [at, key] of keys.entries())
    await settled(opened, completed(String(at)), key).catch((cause: unknown) => {
      throw new Error(`key ${at}, ${readableKey(key.key, key.readable)}, is taken`, { cause })
    })
  for (const [at, key] of keys.entries())
    same(await claim(opened, key), { kind: 'completed', result: String(at) })
}

function ofKeys(keys: readonly Key[]): readonly Identity[] {
  return keys.map((key) => identityOf(scope, key))
}

export const keys: readonly StoreCase[] = [
  {
    promise: 'keys that differ only in case, blanks, width or Unicode form are different',
    rule: 'P1',
    needs: [],
    run: (opened) =>
      allDiffer(
        opened,
        ofKeys(['a', 'A', 'a ', ' a', 'a\t', 'á', 'a\u0301', 'ａ', 'ß', 'ss', 'ı', 'i', 'İ', 'I']),
      ),
  },
  {
    promise: 'keys with NUL, quotes, backslashes and wildcards are different from one another',
    rule: 'P1',
    needs: [],
    run: (opened) =>
      allDiffer(
        opened,
        ofKeys([
          'a',
          'a\u0000',
          'a\u0000b',
          '\u0000a',
          "a'",
          'a"',
          'a\\',
          'a\\\\',
          'a%',
          'a_',
          'a*',
        ]),
      ),
  },
  {
    promise: 'bytes are a key of their own, whatever text they would be',
    rule: 'P1',
    needs: [],
    run: (opened) =>
      allDiffer(opened, [
        ...ofKeys([
          'a',
          Uint8Array.of(0x61),
          Uint8Array.of(),
          Uint8Array.of(0),
          Uint8Array.of(0, 0),
        ]),
        ...ofKeys([Uint8Array.of(0x80), Uint8Array.of(0xff), Uint8Array.of(0xff, 0xff)]),
      ]),
  },
  {
    promise: 'tuples are never the text that their parts would make when joined',
    rule: 'P1',
    needs: [],
    run: (opened) =>
      allDiffer(opened, [
        ...ofKeys([['a', 'b'], 'a/b', 'ab', ['ab', 'c'], ['a', 'bc'], ['a', 'b', 'c'], 'a:b']),
        ...ofKeys([
          ['1', 2],
          ['12', 1],
          [Uint8Array.of(0x61), 'b'],
        ]),
      ]),
  },
  {
    promise: 'long keys are told apart by their last byte, at the bound and far beyond it',
    rule: 'P1',
    needs: [],
    run: (opened) =>
      allDiffer(
        opened,
        [253, 254, 255, 256, 4_096, 65_000].flatMap((length) =>
          ofKeys([`${'x'.repeat(length)}a`, `${'x'.repeat(length)}b`, 'x'.repeat(length)]),
        ),
      ),
  },
  {
    promise: 'a safe integer, a bigint and a decimal string of one number are one key',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const same17: readonly Key[] = [17, 17n, '17', [17]]
      const big: readonly Key[] = [2n ** 70n, String(2n ** 70n)]
      const zero: readonly Key[] = [0, -0, 0n, '0']
      for (const equal of [same17, big, zero]) {
        const [first, ...others] = ofKeys(equal)
        await settled(opened, completed(), first)
        for (const other of others) assert.equal((await claim(opened, other)).kind, 'completed')
      }
    },
  },
  {
    promise: 'groups, tenants, keyspaces and instances are independent of one another',
    rule: 'P1',
    needs: [],
    run: (opened) => {
      const scopes: readonly Scope[] = [
        { group: 'points', keyspace: 'orders' },
        { group: 'points', keyspace: 'Orders' },
        { group: 'Points', keyspace: 'orders' },
        { group: 'points', keyspace: 'orders', tenant: 'a' },
        { group: 'points', keyspace: 'orders', instance: 'a' },
        { group: 'points', keyspace: 'orders', tenant: 'a', instance: 'a' },
        { group: 'pointsorders', keyspace: '' },
        { group: '', keyspace: 'pointsorders' },
        { group: 'points', keyspace: 'ordersA-17' },
        { group: 'Punkte 漢字', keyspace: 'Käse', tenant: ' ' },
      ]
      const keysOf = scopes.map((one) => identityOf(encodeScope(one), 'A-17'))
      return allDiffer(opened, keysOf)
    },
  },
  {
    promise: 'a record tells its group, tenant, keyspace and instance',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const full = { group: 'Punkte', tenant: 'Zoë', keyspace: 'käse/漢字', instance: 'host-1' }
      const target = identityOf(encodeScope(full), 'A-17')
      await leased(opened, target)
      const record = await read(opened.store, target)
      assert.deepEqual(decodeScope(record?.scope ?? scope), full)
      same(record?.key, target.key)
    },
  },
  {
    promise: 'a key is read as its producer wrote it, and a long one by its beginning',
    needs: [],
    async run(opened) {
      const long = identityOf(scope, `order-${'9'.repeat(300)}`)
      const records = [identityOf(scope, ['order-paid', 17]), long].map((key) => newRecord(key))
      await opened.store.leases.insert(records)
      const [tuple, digest] = await opened.store.leases.read(records)
      assert.ok(tuple && digest)
      assert.equal(readableKey(tuple.key, tuple.readable), 'order-paid/17')
      assert.equal(readableKey(digest.key, digest.readable), long.readable)
    },
  },
  {
    promise:
      'a mismatched and an unreadable message have records of their own, found at each delivery',
    rule: 'P3',
    needs: [],
    async run(opened) {
      const mismatched = mismatchedIdentity(identity(), otherFingerprint)
      await allDiffer(opened, [identity(), mismatched, rawIdentity(scope, parkedMessage())])
      const again = [
        mismatchedIdentity(identity(), otherFingerprint),
        rawIdentity(scope, parkedMessage()),
      ]
      for (const key of again) assert.equal((await claim(opened, key)).kind, 'completed')
    },
  },
]
