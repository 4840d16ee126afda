import { randomBytes } from 'node:crypto'
import type { TransactionTerms } from '../inbox/store.ts'
import type { Isolation, SqlOpening } from '../sql/client.ts'
import type { Dialect, Run } from '../sql/dialect.ts'
import type { SqlValues } from '../sql/template.ts'
import { insertRows } from './insert-rows.ts'
import { literal } from './literal.ts'
import { commitError, isContention, isLockWait, storeError } from './mysql-errors.ts'
import { rowWords } from './row-words.ts'
import type { Server } from './servers.ts'
import { inbox, names, parking, rate, schema, steps } from './statements.gen.ts'

/** How long claims wait for a transaction that has claimed the same keys. */
const claimSeconds = 10
/** How long handlers of a batch wait for rows of others: the shortest that there is. Deadlocks are found at once. */
const batchLockSeconds = 1
/** Beyond what a handler may take. */
const idleMarginSeconds = 10
/** The largest that the servers take: a year. */
const idleSecondsMax = 31_536_000

export interface DialectTerms {
  readonly isolation: Isolation
  /** Known as soon as there was a connection. */
  server(): Server
  /** Whether we may change settings of the session, because we put them back. */
  readonly ownsSession: boolean
}

export function mysqlDialect(terms: DialectTerms): Dialect {
  const { isolation, server, ownsSession } = terms
  const insertsAgain = isolation === 'read committed' ? inbox.there : undefined
  const plain: Dialect = {
    name: 'mysql',
    statements: { inbox, parking, steps, rate, names, schema },
    place: undefined,
    literal,
    opening: (given) => openingOf(given, terms),
    // At size one the user's own time holds, for the claim as well.
    afterClaims: ({ messages }) =>
      messages > 1 && ownsSession ? [`set innodb_lock_wait_timeout = ${batchLockSeconds}`] : [],
    insert: undefined,
    insertAlike: undefined,
    insertRows: (...given) => insertRows(insertsAgain, ...given),
    prune: (run, values) => {
      const { prunable, impatient } = server()
      return prune(run, values, { prunable, impatient: ownsSession ? impatient : undefined })
    },
    rows: rowWords,
    isContention,
    isCollateral: () => false,
    storeError,
    commitError,
  }
  const joined: Dialect = {
    ...plain,
    // The caller's snapshot may be older than what was waited for.
    statements: { ...plain.statements, inbox: { ...inbox, read: inbox.readLatest } },
    insertRows: (...given) => insertRows(inbox.thereLatest, ...given),
  }
  return { ...plain, joined }
}

function openingOf(
  { messages, performMsMax, interleaved }: TransactionTerms,
  { isolation, server, ownsSession }: DialectTerms,
): SqlOpening {
  const level = messages === 0 ? 'read committed' : isolation
  const performSeconds = performMsMax === undefined ? claimSeconds : Math.ceil(performMsMax / 1000)
  const idleSeconds = Math.min(performSeconds + idleMarginSeconds, idleSecondsMax)
  const lockSeconds = messages === 1 ? null : claimSeconds
  const name = `semel_${randomBytes(8).toString('hex')}`
  const begin = (): readonly string[] =>
    ownsSession ? server().begin({ isolation: level, lockSeconds, idleSeconds }) : []
  return {
    // Which server it is is known as soon as there is a connection.
    get begin() {
      return begin()[0] ?? ''
    },
    get settings() {
      return begin().slice(1)
    },
    interleaved,
    isolation: level,
    timeoutMs: (claimSeconds + idleSeconds) * 1000,
    mark: `savepoint ${name}`,
    proof: () => `release savepoint ${name}`,
  }
}

async function prune(
  run: Run,
  values: SqlValues,
  { prunable, impatient }: Pick<Server, 'prunable' | 'impatient'>,
): Promise<number> {
  if (impatient !== undefined) await run(impatient, {})
  const places = (await run(prunable, values)) as readonly SqlValues[]
  try {
    if (places.length > 0) await run(inbox.prune, values, places)
    return places.length
  } catch (error) {
    // Nothing was written: whoever holds one of them is gone by the next round.
    if (impatient !== undefined && isLockWait(error)) return 0
    throw error
  }
}
