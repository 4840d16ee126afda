import { SemelError } from '../errors/semel-error.ts'
import type { Isolation, SqlRow, SqlStatement } from './client.ts'

/** How the library is to begin. */
export interface ConnectorTerms {
  /** Undefined: as the library does. */
  readonly isolation: Isolation | undefined
  /** How long the whole transaction may take; for libraries that end it themselves. */
  readonly timeoutMs: number | undefined
}

/** Stands between one handler and its connection. */
export interface HandlerGuard {
  /** Whether the message of the handler has ended. */
  isOver(): boolean
  /**
   * Before each statement of the handler, where the library lets somebody see its text.
   *
   * @throws SEMEL_TX_OVER, SEMEL_TX_OURS
   */
  check(text: string): void
}

/** A transaction of the library. */
export interface ConnectorTransaction<out Tx> {
  query(statement: SqlStatement): Promise<readonly SqlRow[]>
  /** The library's own transaction object, for one handler. */
  face(guard: HandlerGuard): Tx
}

/**
 * Port. A query builder or an ORM, one connector each, for every database that it speaks to: the store knows the
 * dialect, the library its connections. Given to a store: `postgresStore(kysely(db))`.
 */
export interface SqlConnector<out Tx = unknown> {
  readonly connects: 'sql'
  readonly name: string
  /** Connections that can be open at once; undefined: not known. */
  readonly connectionsMax: number | undefined
  /** One statement that commits by itself. */
  query(statement: SqlStatement): Promise<readonly SqlRow[]>
  /** Begins as the library does, commits what `work` resolves to, rolls back what it throws. */
  transaction(
    terms: ConnectorTerms,
    work: (transaction: ConnectorTransaction<Tx>) => Promise<void>,
  ): Promise<void>
  /**
   * A transaction that the caller began with the library.
   *
   * @throws SEMEL_OPTION_INVALID
   */
  join(tx: unknown): ConnectorTransaction<Tx>
}

export function isConnector(given: unknown): given is SqlConnector {
  return at(given, 'connects') === 'sql'
}

export interface ConnectorOptions {
  /**
   * Connections that your pool can have open at once: semel keeps one of them for itself, so that claims never wait
   * for handlers. 2 to 1,000. Default: what the library tells, else 10.
   */
  readonly connectionsMax?: number
}

/** What each library passes on of a statement: drivers know bytes as `Buffer`. */
export function bindable({ values }: SqlStatement): unknown[] {
  return values.map((value) =>
    value instanceof Uint8Array && !Buffer.isBuffer(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : value,
  )
}

/**
 * Refuses what does not fit: another library, or a version with other methods.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function needs(given: unknown, methods: readonly string[], what: string): void {
  const missing = methods.filter((path) => typeof at(given, path) !== 'function')
  if (missing.length === 0) return
  const names = missing.map((name) => `${name}()`).join(', ')
  throw new SemelError('SEMEL_OPTION_INVALID', `${what}: this one has no ${names}`)
}

/** @throws SEMEL_OPTION_INVALID */
export function connectionsOf(
  { connectionsMax }: ConnectorOptions,
  told: unknown,
): number | undefined {
  if (connectionsMax === undefined) return typeof told === 'number' ? told : undefined
  if (Number.isInteger(connectionsMax) && connectionsMax >= 2 && connectionsMax <= 1_000)
    return connectionsMax
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `connectionsMax is ${String(connectionsMax)}; it must be a whole number from 2 to 1000`,
  )
}

/** What stands at a path of properties. */
export function at(given: unknown, path: string): unknown {
  let value = given
  for (const name of path.split('.'))
    value =
      value === null || value === undefined ? undefined : (value as Record<string, unknown>)[name]
  return value
}

/** @throws SEMEL_TX_OURS always */
export function refuseName(name: PropertyKey): never {
  throw new SemelError(
    'SEMEL_TX_OURS',
    `a handler cannot use ${String(name)}: the transaction is ours`,
  )
}
