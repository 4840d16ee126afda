import { DatabaseSync } from 'node:sqlite'
import type { SqliteOpen } from 'semel/sqlite'

/** How a client of SQLite is reached: its own way to open a file, or why it cannot be loaded here. */
export type Client = () => Promise<SqliteOpen | { readonly notRun: string }>

const openNode: SqliteOpen = (file) => new DatabaseSync(file)
let openBetter: SqliteOpen | undefined

export const nodeSqlite: Client = async () => openNode

export const betterSqlite3: Client = async () => {
  try {
    const { default: Database } = await import('better-sqlite3')
    new Database(':memory:').close()
    return (openBetter ??= (file) => new Database(file))
  } catch (error) {
    return { notRun: `better-sqlite3 cannot be loaded: ${String(error)}` }
  }
}

export async function opener(client: Client): Promise<SqliteOpen> {
  const found = await client()
  if (typeof found === 'function') return found
  throw new Error(found.notRun)
}

export async function reasonNotToRun(client: Client): Promise<string | undefined> {
  const found = await client()
  return typeof found === 'function' ? undefined : found.notRun
}
