import assert from 'node:assert/strict'
import test from 'node:test'
import { commitError, isContention, isDuplicate, storeError } from '../../src/mysql/mysql-errors.ts'

function numbered(errno: number | undefined, code?: string): Error {
  return Object.assign(new Error('said the server'), { errno, code })
}

const codes: readonly (readonly [errno: number | undefined, code: string])[] = [
  [1213, 'SEMEL_STORE_CONTENDED'],
  [1205, 'SEMEL_STORE_CONTENDED'],
  [1020, 'SEMEL_STORE_CONTENDED'],
  [1040, 'SEMEL_STORE_UNAVAILABLE'],
  [1203, 'SEMEL_STORE_UNAVAILABLE'],
  [1053, 'SEMEL_STORE_UNAVAILABLE'],
  [-111, 'SEMEL_STORE_UNAVAILABLE'],
  [undefined, 'SEMEL_STORE_UNAVAILABLE'],
  [1021, 'SEMEL_STORE_FULL'],
  [1114, 'SEMEL_STORE_FULL'],
  [1290, 'SEMEL_STORE_READ_ONLY'],
  [1792, 'SEMEL_STORE_READ_ONLY'],
  [1836, 'SEMEL_STORE_READ_ONLY'],
  [1146, 'SEMEL_SCHEMA_MISSING'],
  [1049, 'SEMEL_SCHEMA_MISSING'],
  [1054, 'SEMEL_SCHEMA_BEHIND'],
  [1044, 'SEMEL_STORE_DENIED'],
  [1045, 'SEMEL_STORE_DENIED'],
  [1142, 'SEMEL_STORE_DENIED'],
  [1305, 'SEMEL_TX_ROLLED_BACK'],
  [1690, 'SEMEL_TX_ROLLED_BACK'],
  [1064, 'SEMEL_INVARIANT_BROKEN'],
]

for (const [errno, code] of codes)
  test(`the error ${errno ?? 'of a lost connection'} is ${code}`, () => {
    const error = storeError(numbered(errno), 'mysql')
    assert.equal((error as { readonly code: string }).code, code)
  })

test('a COMMIT that was cut off is unknown, one that was answered is refused (P9)', () => {
  for (const errno of [undefined, -104, 1053, 1317, 1927]) {
    const { code } = commitError(numbered(errno), 'mysql') as { readonly code: string }
    assert.equal(code, 'SEMEL_OUTCOME_UNKNOWN', String(errno))
  }
  for (const [errno, expected] of [
    [1213, 'SEMEL_STORE_CONTENDED'],
    [1305, 'SEMEL_TX_ROLLED_BACK'],
    [1690, 'SEMEL_TX_ROLLED_BACK'],
  ] as const) {
    const { code } = commitError(numbered(errno), 'mysql') as { readonly code: string }
    assert.equal(code, expected)
  }
})

test('contention is seen below the errors of others, and a duplicate is none', () => {
  const below = new Error('of an ORM', { cause: new Error('again', { cause: numbered(1213) }) })
  assert.ok(isContention(below))
  assert.ok(!isContention(numbered(1062)))
  assert.ok(isDuplicate(new Error('of an ORM', { cause: numbered(1062) })))
})
