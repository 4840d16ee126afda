import { SemelError } from '../errors/semel-error.ts'
import type { Rows } from './overlay.ts'

/**
 * Rows that live and die with the process, and change only in the transactions of their store. They go in and out
 * as copies (structured clones), as with any database: changing one changes nothing until it is set.
 */
export interface MemoryTransaction {
  get(table: string, key: string): unknown
  /** Every row of a table with its key. */
  all(table: string): readonly (readonly [key: string, row: unknown])[]
  set(table: string, key: string, row: unknown): void
  delete(table: string, key: string): void
}

/** A transaction object for one handler: refuses after its end. */
export function memoryTransaction(rows: Rows<unknown>): {
  readonly tx: MemoryTransaction
  end(): void
} {
  let over = false
  const open = (): Rows<unknown> => {
    if (over) throw new SemelError('SEMEL_TX_OVER', 'this transaction has ended')
    return rows
  }
  const tx: MemoryTransaction = {
    get: (table, key) => copied(open().get(rowName(table, key))),
    all: (table) => [...open().entries()].filter(([name]) => inTable(table, name)).map(keyAndRow),
    set: (table, key, row) => open().set(rowName(table, key), copied(row)),
    delete: (table, key) => open().delete(rowName(table, key)),
  }
  return {
    tx,
    end: () => {
      over = true
    },
  }
}

function rowName(table: string, key: string): string {
  return `${table}\n${key}`
}

function inTable(table: string, name: string): boolean {
  return name.startsWith(`${table}\n`)
}

function keyAndRow([name, row]: [string, unknown]): readonly [string, unknown] {
  return [name.slice(name.indexOf('\n') + 1), copied(row)]
}

function copied(row: unknown): unknown {
  return typeof row === 'object' || typeof row === 'function' ? structuredClone(row) : row
}
