/** What a statement can be given. */
export type SqlValue = string | number | boolean | Uint8Array | null

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

export type SqlRow = Readonly<Record<string, unknown>>

export interface SqlStatement {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** One connection with a transaction on it. */
export interface SqlConnection<out Tx = unknown> {
  query(statement: SqlStatement): Promise<readonly SqlRow[]>
  /** Several statements in one round trip, with their values written into them; the rows of each. */
  readonly script:
    | ((texts: readonly string[]) => Promise<readonly (readonly SqlRow[])[]>)
    | undefined
  /** What one handler gets. `end` makes every later use of it an error; where nothing was thrown it also looks. */
  forHandler(interleaved?: boolean): { readonly tx: Tx; end(threw?: boolean): void }
}

/** A transaction that we began. */
export interface SqlTransaction<out Tx = unknown> extends SqlConnection<Tx> {
  /** Begins now; else it begins with its first statement, in one round trip. */
  begin(): Promise<void>
  /** A statement to go with COMMIT, in one round trip where that can be; without a row it keeps the commit away. */
  last(text: string): void
}

/** How a transaction of ours begins, and what proves at its end that it is still the same. */
export interface SqlOpening {
  readonly begin: string
  /** Whether several handlers are under way at once: then none may set savepoints or settings (P11). */
  readonly interleaved: boolean
  /** The same for clients that begin by themselves; default: as they do. */
  readonly isolation?: Isolation
  /** How long all of it may take, for clients that end it by themselves. */
  readonly timeoutMs?: number
  /** How long each statement of ours may be without an answer. Default: longer than claims wait for locks. */
  readonly answerMsMax?: number
  /** Settings for this transaction alone. */
  readonly settings: readonly string[]
  /** Marks the transaction; may answer one row with `mark`. */
  readonly mark: string
  /** Fails where the transaction is not the marked one any more. */
  proof(mark: string): string
}

/**
 * Port. How a SQL store reaches its database through a client of the user's: a pool, a query builder, an ORM. The
 * store knows the dialect, the client knows how to send.
 */
export interface SqlClient<out Tx = unknown> {
  readonly name: string
  /** What it takes its connections from, where other stores may, too. */
  readonly pool?: object
  /** Connections that can be open at once; undefined: not known. */
  readonly connectionsMax: number | undefined
  /**
   * Whether handlers are kept from ending the transaction. Where they are not, records are written `leased`, and
   * the seal completes them (P9).
   */
  readonly guarded: boolean
  /** Whether statements of several handlers may be under way on one connection (P11). */
  readonly interleaves: boolean
  /** One statement that commits by itself. */
  query(statement: SqlStatement): Promise<readonly SqlRow[]>
  /**
   * Begins, calls `work`, commits what it resolves to, rolls back what it throws.
   *
   * @throws SEMEL_OUTCOME_UNKNOWN when COMMIT got no answer.
   */
  transaction<R>(
    opening: SqlOpening,
    work: (transaction: SqlTransaction<Tx>) => Promise<R>,
  ): Promise<R>
  /** Over a transaction that the caller began and commits. */
  join(tx: unknown): SqlConnection<Tx>
  /** Gives back what it took of the user's client, which itself is never closed. */
  close(): Promise<void>
}
