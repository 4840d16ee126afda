// P1: two keys are one key exactly when their bytes are equal, in every store and along every way in.
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Store } from 'semel'
import type { StoreAdapter } from 'semel/testing'
import { hex, utf8 } from '../../src/inbox/bytes.ts'
import type { NewRecord } from '../../src/inbox/claim.ts'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { Key, KeyPart } from '../../src/inbox/key.ts'
import { memoryStoreAdapter } from '../conformance/adapters/memory.ts'
import { mariadbStoreAdapter, mysqlStoreAdapter } from '../conformance/adapters/mysql.ts'
import { postgresStoreAdapter } from '../conformance/adapters/postgres.ts'
import { redisStoreAdapter } from '../conformance/adapters/redis.ts'
import { sqliteStoreAdapter } from '../conformance/adapters/sqlite.ts'

const stores: readonly StoreAdapter[] = [
  memoryStoreAdapter,
  sqliteStoreAdapter,
  postgresStoreAdapter,
  mariadbStoreAdapter,
  mysqlStoreAdapter,
  redisStoreAdapter,
]

/** What databases are known to fold, cut, pad, escape or refuse. */
const texts = {
  letters: [
    'a',
    'A',
    'ä',
    'a\u0308',
    'Ä',
    'ß',
    'ss',
    'ẞ',
    'ı',
    'I',
    'i',
    'İ',
    'ａ',
    'é',
    'e\u0301',
    'K',
    '\u212a',
  ],
  blanks: [
    ' ',
    '  ',
    '\t',
    '\n',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\0',
    '\u0001',
    '\u007f',
    '\uffff',
    '\u{10ffff}',
  ],
  composed: [
    '😀',
    '👩‍👩‍👧',
    '\u{1f1e9}\u{1f1ea}',
    '中',
    '한',
    '\u1112\u1161\u11ab',
    'ﬁ',
    'fi',
    'Ω',
    '\u2126',
  ],
  signs: [
    "'",
    '"',
    '`',
    '\\',
    '\\x00',
    '\\0',
    '%',
    '_',
    '$1',
    '?',
    ':key',
    '{',
    '}',
    ',',
    '--',
    ';',
    '/*',
    'null',
  ],
  numbers: [
    '0',
    '1',
    '01',
    '1.0',
    '+1',
    '-1',
    '1e3',
    '9007199254740993',
    'x'.repeat(253),
    'y'.repeat(300),
  ],
}
const bytes = [
  [0],
  [0, 0],
  [0xff],
  [0xff, 0xff],
  [0x61],
  [0xc3],
  [0xc3, 0xa4],
  [0x5c],
  [0x27],
  [0x20],
  [],
]

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...Object.values(texts).flat()),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(''))
  .filter((whole) => whole !== '')
const part: fc.Arbitrary<KeyPart> = fc.oneof(
  { arbitrary: text, weight: 4 },
  fc
    .array(fc.constantFrom(...bytes), { minLength: 1, maxLength: 4 })
    .map((all) => Uint8Array.from(all.flat())),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
)
const key: fc.Arbitrary<Key> = fc
  .oneof({ arbitrary: part, weight: 3 }, fc.tuple(part, part), fc.tuple(part, part, part))
  .filter((one) => !(one instanceof Uint8Array) || one.length > 0)

/** Ways in; what each answers is whether the key was new. */
type Way = 'insert' | 'transaction' | 'claim'
interface Step {
  readonly way: Way
  /** Places in the list of keys, taken as often as they come. */
  readonly keys: readonly number[]
}
const life = fc.record({
  keys: fc.array(key, { minLength: 2, maxLength: 24 }),
  steps: fc.array(
    fc.record({
      way: fc.constantFrom<Way>('insert', 'transaction', 'claim'),
      keys: fc.array(fc.nat(23), { minLength: 1, maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
})

const runs = 60
/** One for all stores: they get the same keys. */
const seed = Number(process.env['SEMEL_SEED'] ?? randomInt(2 ** 31))

for (const adapter of stores)
  test(`${adapter.name}: a key is new exactly once, and finds its own record alone (P1)`, async (t) => {
    const because = await adapter.notRun?.()
    if (because !== undefined) return t.skip(because)
    const { store, close } = await adapter.open()
    const met = { keys: 0, again: 0 }
    try {
      await fc.assert(
        fc.asyncProperty(life, ({ keys, steps }) => lawHolds(store, keys, steps, met)),
        { numRuns: runs, seed },
      )
    } finally {
      await close()
    }
    console.log(`  ${adapter.name}, seed ${seed}: ${met.keys} keys, ${met.again} came again`)
    assert.ok(met.again > 0, 'no key came again: this proves nothing')
  })

async function lawHolds(
  store: Store,
  keys: readonly Key[],
  steps: readonly Step[],
  met: { keys: number; again: number },
): Promise<void> {
  const scope = encodeScope({ group: randomBytes(4).toString('hex'), keyspace: 'law' })
  const records = keys.map((one): NewRecord => recordOf(scope, one))
  const known = new Set<string>()
  for (const { way, keys: places } of steps) {
    const chosen = places.map((place) => place % keys.length)
    const names = chosen.map((place) => nameOf(keys[place] as Key))
    // Only claims may name a key twice.
    const once = way === 'claim' ? names.map((_, at) => at) : firsts(names)
    const expected = once.map((at) => isNew(known, names[at] ?? ''))
    const asked = once.map((at) => records[chosen[at] ?? 0] as NewRecord)
    assert.deepEqual(await ways[way](store, asked), expected, way)
    met.again += expected.filter((fresh) => !fresh).length
  }
  met.keys += known.size
  const found = await store.leases.read(records)
  for (const [at, record] of found.entries()) {
    const name = nameOf(keys[at] as Key)
    const fingerprint = known.has(name) ? fingerprintOf(name) : undefined
    assert.equal(record && hex(record.fingerprint), fingerprint && hex(fingerprint))
  }
}

const ways: Readonly<
  Record<Way, (store: Store, records: readonly NewRecord[]) => Promise<readonly boolean[]>>
> = {
  insert: ({ leases }, records) => leases.insert(records),
  async transaction({ leases, transactions }, records) {
    if (transactions === undefined) return leases.insert(records)
    return transactions.open(
      async (open) => {
        const fresh = await open.insert(records)
        const ours = records.filter((_, at) => fresh[at])
        await open.seal(ours.map((one) => ({ ...one, result: undefined })))
        return fresh
      },
      { messages: records.length, interleaved: false, claims: true },
    )
  },
  async claim({ leases }, records) {
    const terms = { leaseMs: 600_000, attemptsMax: 16 }
    const requests = records.map((record) => ({
      ...record,
      claimId: new Uint8Array(randomBytes(16)),
      alone: false,
      by: 'delivery' as const,
    }))
    const claims = await leases.claim(requests, terms)
    for (const { kind } of claims)
      assert.notEqual(kind, 'mismatched', 'it met the record of another')
    return claims.map(({ kind }) => kind === 'granted')
  },
}

function isNew(known: Set<string>, name: string): boolean {
  if (known.has(name)) return false
  known.add(name)
  return true
}

function firsts(names: readonly string[]): readonly number[] {
  return names.flatMap((name, at) => (names.indexOf(name) === at ? [at] : []))
}

function recordOf(scope: Uint8Array, one: Key): NewRecord {
  const outcome = { state: 'completed', result: undefined, keepMs: 600_000 } as const
  return { ...identityOf(scope, one), fingerprint: fingerprintOf(nameOf(one)), outcome }
}

function fingerprintOf(name: string): Uint8Array {
  return bodyFingerprint(utf8(name))
}

/** What the law says of equality, written down without the product: a number is its decimal text. */
function nameOf(one: Key): string {
  const parts = (Array.isArray(one) ? one : [one]) as readonly KeyPart[]
  return JSON.stringify(
    parts.map((each) => (each instanceof Uint8Array ? [hex(each)] : String(each))),
  )
}
