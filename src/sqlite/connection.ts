import type { DatabaseSync } from 'node:sqlite'
import { SemelError } from '../errors/semel-error.ts'

/** The slice shared by `node:sqlite` and `better-sqlite3`. */
export interface SqliteConnection {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(...values: never[]): { readonly changes: number | bigint }
    get(...values: never[]): unknown
    all(...values: never[]): unknown[]
  }
  close(): unknown
}

/** Makes a connection to a file. Called again when a connection had to be given up. */
export type SqliteOpen<C extends SqliteConnection = SqliteConnection> = (file: string) => C

export type SqliteValue = null | number | string | Uint8Array

/** A connection as we use it: statements are compiled once, and numbers are numbers. */
export interface Connection {
  readonly raw: SqliteConnection
  /** Answers how many rows it changed. */
  run(sql: string, ...values: readonly SqliteValue[]): number
  get<Row>(sql: string, ...values: readonly SqliteValue[]): Row | undefined
  all<Row>(sql: string, ...values: readonly SqliteValue[]): readonly Row[]
  exec(sql: string): void
  /** Read off SQLite itself, never remembered. */
  inTransaction(): boolean
  isOpen(): boolean
  close(): void
}

/** What either client has beyond the slice; the user's `open` may have switched some of it. */
interface Statement {
  run(...values: readonly SqliteValue[]): { readonly changes: number | bigint }
  get(...values: readonly SqliteValue[]): unknown
  all(...values: readonly SqliteValue[]): unknown[]
  setReadBigInts?(enabled: boolean): unknown
  setReturnArrays?(enabled: boolean): unknown
  safeIntegers?(enabled: boolean): unknown
}

/** `node:sqlite`, loaded when it is needed: on some versions of Node it warns when it loads. */
export function openNodeSqlite(file: string): DatabaseSync {
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite')
  return new Database(file)
}

/**
 * @throws SEMEL_OPTION_INVALID for what is no connection of a known client.
 */
export function connectionOf(raw: SqliteConnection): Connection {
  const flags = flagsOf(raw)
  const statements = new Map<string, Statement>()
  const statement = (sql: string): Statement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const prepared = prepare(raw, sql)
    statements.set(sql, prepared)
    return prepared
  }
  return {
    raw,
    run: (sql, ...values) => Number(statement(sql).run(...values).changes),
    get: <Row>(sql: string, ...values: readonly SqliteValue[]) =>
      statement(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: readonly SqliteValue[]) =>
      statement(sql).all(...values) as Row[],
    exec: (sql) => void raw.exec(sql),
    inTransaction: () => flags.isOpen() && flags.inTransaction(),
    isOpen: flags.isOpen,
    close: () => void raw.close(),
  }
}

/** What both clients read off SQLite, under names of their own. */
export interface ConnectionFlags {
  isOpen(): boolean
  inTransaction(): boolean
}

export function flagsOf(raw: SqliteConnection): ConnectionFlags {
  if (typeof raw !== 'object' || raw === null || !('exec' in raw && 'prepare' in raw))
    throw notAConnection(raw)
  const flags = raw as unknown as Readonly<Record<string, unknown>>
  if ('isTransaction' in raw)
    return {
      isOpen: () => flags['isOpen'] === true,
      inTransaction: () => flags['isTransaction'] === true,
    }
  if ('inTransaction' in raw)
    return {
      isOpen: () => flags['open'] === true,
      inTransaction: () => flags['inTransaction'] === true,
    }
  throw notAConnection(raw)
}

function prepare(raw: SqliteConnection, sql: string): Statement {
  const statement = raw.prepare(sql) as unknown as Statement
  statement.setReadBigInts?.(false)
  statement.setReturnArrays?.(false)
  statement.safeIntegers?.(false)
  return statement
}

function notAConnection(given: unknown): SemelError {
  const what = given instanceof Promise ? 'a promise' : `a value of type ${typeof given}`
  return new SemelError(
    'SEMEL_OPTION_INVALID',
    `open answered ${what}; it must answer a connection of node:sqlite or better-sqlite3`,
  )
}
