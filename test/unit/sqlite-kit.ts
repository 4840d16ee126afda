import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import { semel, type Store } from 'semel'
import type { SqliteOpen } from 'semel/sqlite'

const nodeSqlite: SqliteOpen = (file) => new DatabaseSync(file)

/** Both clients, each under its name. */
export const clients: readonly (readonly [name: string, open: SqliteOpen])[] = [
  ['node:sqlite', nodeSqlite],
  ['better-sqlite3', (file) => new BetterSqlite3(file)],
]

interface Closable {
  close(): Promise<void>
}

/** A file, and the client by which everybody uses it. */
export interface Shop {
  readonly file: string
  readonly open: SqliteOpen
}

export interface Scratch extends Shop {
  /** Closes it after the test, before the file is removed. */
  keep<T extends Closable>(one: T): T
}

/** A path in a folder that is gone after the test. */
export function scratch(context: TestContext, open: SqliteOpen = nodeSqlite): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'semel-sqlite-'))
  const kept: Closable[] = []
  context.after(async () => {
    for (const one of kept) await one.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const keep = <T extends Closable>(one: T): T => {
    kept.push(one)
    return one
  }
  return { file: join(folder, 'shop.db'), open, keep }
}

/** The way of a message through a store, as `run()` goes it. */
export function door(store: Store): ReturnType<typeof semel<SqliteTx>> {
  return semel({ group: 'points', store: store as Store<SqliteTx>, heldWaitMs: 0 })
}

/** What both clients have. */
export interface SqliteTx {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(...values: unknown[]): unknown
    get(...values: unknown[]): unknown
    all(...values: unknown[]): unknown[]
    iterate(...values: unknown[]): IterableIterator<unknown>
  }
  close(): unknown
}

/**
 * What somebody else reads in the file. By the same client as the test: two copies of SQLite in one process do
 * not see each other's locks.
 */
export function rows(
  { file, open }: Shop,
  sql: string,
): readonly Readonly<Record<string, unknown>>[] {
  const other = open(file) as unknown as SqliteTx
  try {
    return other
      .prepare(sql)
      .all()
      .map((row) => ({ ...(row as object) }))
  } finally {
    other.close()
  }
}

export function change({ file, open }: Shop, sql: string): void {
  const other = open(file)
  other.exec(sql)
  other.close()
}

export function coded(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as { readonly code?: unknown }).code, code, String(error))
    return true
  }
}

/** Waits for a condition, at most ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 1_000, 'it did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
