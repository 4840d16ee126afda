import type { TransactionTerms } from '../inbox/store.ts'
import type { SqlOpening, SqlRow, SqlValue } from './client.ts'
import type { RowDialect } from './sql-guards.ts'
import type { SqlValues } from './template.ts'

/** What a dialect writes under these names in its SQL files. */
export interface Statements {
  readonly inbox: Readonly<
    Record<
      | 'read'
      | 'lock'
      | 'put'
      | 'removeMany'
      | 'seal'
      | 'sealLeased'
      | 'writeResult'
      | 'list'
      | 'listNames'
      | 'count'
      | 'countNames'
      | 'audit'
      | 'audited',
      string
    >
  >
  readonly parking: Readonly<
    Record<
      | 'kept'
      | 'park'
      | 'follow'
      | 'message'
      | 'drop'
      | 'due'
      | 'firsts'
      | 'next'
      | 'heads'
      | 'usage'
      | 'fullest'
      | 'standing',
      string
    >
  >
  readonly steps: Readonly<Record<'read' | 'put' | 'removeAll' | 'removeOpen', string>>
  readonly rate: Readonly<Record<'begin' | 'next' | 'put', string>>
  readonly names: Readonly<Record<'find' | 'add', string>>
  readonly schema: Readonly<Record<'exists' | 'version' | 'lock', string>>
}

/** Runs one statement of ours on some connection; what comes `after` it goes in the same round trip where that can be. */
export type Run = (
  sql: string,
  values: SqlValues,
  rows?: readonly SqlValues[],
  after?: readonly string[],
) => Promise<readonly SqlRow[]>

/** What differs between databases, as values and statements; nothing here decides. */
export interface Dialect {
  readonly name: string
  readonly statements: Statements
  /** Undefined: values are written into statements, since drivers quote and prepare them in ways of their own. */
  readonly place: ((number: number) => string) | undefined
  /** A value as it is written into a statement. */
  literal(value: SqlValue): string
  opening(terms: TransactionTerms): SqlOpening
  /** Between the claims and the first handler: how long its statements wait for locks. */
  afterClaims(terms: TransactionTerms): readonly string[]
  /**
   * One statement that inserts the rows whose keys are not there, waits for whoever is inserting them, and answers
   * `key` of those that were new. Undefined where that takes more.
   */
  readonly insert: string | undefined
  /** The same of records that differ in key and fingerprint alone. */
  readonly insertAlike: string | undefined
  /** The same in as many statements as it takes, with some `after` them if any was new. */
  insertRows(
    run: Run,
    values: SqlValues,
    rows: readonly SqlValues[],
    after?: readonly string[],
  ): Promise<readonly SqlRow[]>
  /**
   * Inside a transaction of its own: removes completed records whose time has passed, at most `limit`, and waits for
   * nobody (P32). Answers how many.
   */
  prune(run: Run, values: SqlValues): Promise<number>
  /** How rows of the user's are guarded; undefined: they cannot be. */
  readonly rows?: RowDialect
  /** Whether nobody is to blame: a deadlock, a lock that was waited for too long, a transaction to be repeated. */
  isContention(error: unknown): boolean
  /** In a transaction that the caller began, with whatever isolation. Default: the same. */
  readonly joined?: Dialect
  /** Whether a statement failed only because another one had, in the same transaction. */
  isCollateral(error: unknown): boolean
  /** An error of a statement of ours, translated by its code; never by its text. */
  storeError(error: unknown, where: string): unknown
  /** The same of COMMIT, which may have happened without an answer. */
  commitError(error: unknown, where: string): unknown
}
