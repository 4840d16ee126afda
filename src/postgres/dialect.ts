import type { Isolation, SqlOpening, SqlValue } from '../sql/client.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { TransactionTerms } from '../inbox/store.ts'
import { commitError, isCollateral, isContention, storeError } from './postgres-errors.ts'
import { rowWords } from './row-words.ts'
import { inbox, names, parking, rate, schema, steps } from './statements.gen.ts'

/** How long claims wait for a transaction that has claimed the same keys. */
const claimMs = 10_000
/** How long handlers of a batch wait for rows of others: PostgreSQL itself looks for deadlocks after a second. */
const batchLockMs = 30
/** Beyond what a handler may take. */
const idleMarginMs = 10_000

export function postgresDialect(isolation: Isolation = 'read committed'): Dialect {
  return {
    name: 'postgres',
    statements: { inbox, parking, steps, rate, names, schema },
    place: (number) => `$${number}`,
    literal,
    opening: (terms) => openingOf(terms, terms.messages === 0 ? 'read committed' : isolation),
    afterClaims: ({ messages }) =>
      messages > 1
        ? [`set local lock_timeout = ${batchLockMs}`]
        : ['set local lock_timeout to default'],
    insert: inbox.insert,
    insertAlike: inbox.insertAlike,
    insertRows: (run, values, rows) => run(inbox.insert, values, rows),
    prune: async (run, values) => (await run(inbox.prune, values)).length,
    rows: rowWords,
    isContention,
    isCollateral,
    storeError,
    commitError,
  }
}

/** All settings are local: nothing of ours outlives the transaction, whatever stands between us and the server. */
function openingOf(
  { performMsMax, interleaved }: TransactionTerms,
  isolation: Isolation,
): SqlOpening {
  const idleMs = (performMsMax === undefined ? claimMs : Math.ceil(performMsMax)) + idleMarginMs
  return {
    begin: `begin isolation level ${isolation}`,
    interleaved,
    isolation,
    timeoutMs: claimMs + idleMs,
    settings: [
      `set local lock_timeout = ${claimMs}`,
      `set local idle_in_transaction_session_timeout = ${idleMs}`,
    ],
    mark: 'select txid_current()::text as mark',
    proof: (mark) => `select 1 / (txid_current()::text = '${mark}')::integer as same`,
  }
}

function literal(value: SqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : `'${value}'`
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return bytes(value)
  if (/^[\da-f{},]*$/.test(value)) return `'${value}'`
  // In hexadecimal: no setting of the server reads a quote into it.
  return `convert_from(${bytes(Buffer.from(value))}, 'UTF8')`
}

function bytes(value: Uint8Array): string {
  return `'\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`
}
