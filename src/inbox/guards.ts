/** What a column is given. Times go in as the text, or the number, that the column takes. */
export type ColumnValue = string | number | bigint | boolean | Uint8Array | null

/** Columns by their names. */
export type ColumnValues = Readonly<Record<string, ColumnValue>>

/** Something that holds of a row, or does not; always decided by the database, never by what a driver made of it. */
export type Condition =
  /** Equal; null is equal to null. */
  | { readonly column: string; readonly is: ColumnValue }
  /** Equal to the byte where it is text, also where the column's own comparison folds letters. */
  | { readonly column: string; readonly exactly: ColumnValue }
  | { readonly column: string; readonly in: readonly ColumnValue[] }
  /** The first column that differs is smaller. Null comes before everything. */
  | { readonly before: readonly (readonly [column: string, value: ColumnValue])[] }

export interface RowChange {
  /** At least one of these changes the row that is found: only then is counting exact everywhere. */
  readonly set: ColumnValues
  /** A column that grows by one. */
  readonly increment?: string
  readonly where: readonly Condition[]
}

export interface RowQuestion {
  /** Finds one row at most. */
  readonly where: readonly Condition[]
  /** What is to be told of it. */
  readonly columns?: readonly string[]
  readonly holds?: readonly Condition[]
}

export interface RowAnswer {
  /** In the order of the columns that were asked for, as text. */
  readonly texts: readonly (string | undefined)[]
  /** In the order of the conditions. */
  readonly holds: readonly boolean[]
}

/** What guards know of a table before they are used. */
export interface TableShape {
  readonly columns: readonly string[]
  /** The columns of every index that lets each combination stand once, whatever the rest of the row. */
  readonly unique: readonly (readonly string[])[]
}

/**
 * Port. Rows of the user's, guarded in the user's own transaction: what strategies are made of. `tx` is what a handler
 * got, or what the caller began. Names are checked and quoted, values are bound. What the database throws is thrown
 * as it is: it is an error of the handler's transaction.
 */
export interface Guards {
  /**
   * Inserts a row unless there is one with the same values in the columns `unique`, which have an index of their own.
   * Waits for whoever is inserting that one. What breaks any other constraint is an error.
   */
  insert(tx: unknown, table: string, row: ColumnValues, unique: readonly string[]): Promise<boolean>
  /** Answers how many rows it has changed. */
  update(tx: unknown, table: string, change: RowChange): Promise<number>
  /** Reads a row as it is now, and keeps it so until the transaction ends; undefined: there is none. */
  find(tx: unknown, table: string, question: RowQuestion): Promise<RowAnswer | undefined>
  /** Looks at a table, inside `tx` where there is one; undefined: there is no such table. */
  shape(table: string, tx?: unknown): Promise<TableShape | undefined>
}
