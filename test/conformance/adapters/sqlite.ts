import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from 'semel'
import { type SqliteOpen, sqliteStore } from 'semel/sqlite'
import { type Effects, manualClock, type OpenedStore, type StoreAdapter } from 'semel/testing'
import { closingAll } from './closing-all.ts'

/** How a client of SQLite is reached: its own way to open a file, or why it cannot be loaded here. */
export type Client = () => Promise<SqliteOpen | { readonly notRun: string }>

export const nodeSqlite: Client = async () => (file) => new DatabaseSync(file)

export const betterSqlite3: Client = async () => {
  try {
    const { default: Database } = await import('better-sqlite3')
    new Database(':memory:').close()
    return (file) => new Database(file)
  } catch (error) {
    return { notRun: `better-sqlite3 cannot be loaded: ${String(error)}` }
  }
}

export const sqliteStoreAdapter: StoreAdapter = storeAdapter('sqlite', nodeSqlite)
export const betterSqlite3StoreAdapter: StoreAdapter = storeAdapter('better-sqlite3', betterSqlite3)

function storeAdapter(name: string, client: Client): StoreAdapter {
  return {
    name,
    open: async () => openStore(await opener(client)),
    notRun: () => reasonNotToRun(client),
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

async function openStore(open: SqliteOpen): Promise<OpenedStore> {
  const { file, remove } = scratch()
  const clock = manualClock()
  const { keep, close } = closingAll()
  const opening = (): Store => keep(sqliteStore(file, { open, clock }))
  const store = opening()
  const second = opening()
  await store.prepare()
  return {
    store,
    second,
    passTime: async (ms) => clock.pass(ms),
    effects: effectsIn(file),
    callersTransaction: (work) => inCallersTransaction(open, file, work),
    async reopen() {
      await Promise.all([store.close(), second.close()])
      const again = opening()
      await again.prepare()
      return again
    },
    async close() {
      await close()
      remove()
    },
  }
}

/** A file in a folder of its own, with a table of the user's beside ours. */
export function scratch(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'semel-conformance-'))
  const file = join(folder, 'shop.db')
  const user = new DatabaseSync(file)
  user.exec('create table effects (key text primary key, value text not null) strict')
  user.close()
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function effectsIn(file: string): Effects {
  return {
    write(tx, key, value) {
      const user = tx as DatabaseSync
      user.prepare('insert into effects (key, value) values (?, ?)').run(key, value)
    },
    async read(key) {
      const user = new DatabaseSync(file)
      const row = user.prepare('select value from effects where key = ?').get(key)
      user.close()
      return row === undefined ? undefined : String(row['value'])
    },
  }
}

async function inCallersTransaction<R>(
  open: SqliteOpen,
  file: string,
  work: (tx: unknown) => Promise<R>,
): Promise<R> {
  const user = open(file)
  try {
    user.exec('begin immediate')
    const result = await work(user)
    user.exec('commit')
    return result
  } finally {
    user.close()
  }
}
