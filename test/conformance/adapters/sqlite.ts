import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from 'semel'
import { type SqliteOpen, sqliteStore } from 'semel/sqlite'
import type { Effects, OpenedStore, StoreAdapter } from 'semel/testing'
import { closingAll } from './closing-all.ts'
import { storeInThread } from './second-thread.ts'
import { betterSqlite3, type Client, nodeSqlite, opener, reasonNotToRun } from './sqlite-clients.ts'
import type { ThreadSettings } from './store-thread.ts'

export const sqliteStoreAdapter: StoreAdapter = storeAdapter('sqlite', 'node')
export const betterSqlite3StoreAdapter: StoreAdapter = storeAdapter(
  'better-sqlite3',
  'better-sqlite3',
)

const clients: Readonly<Record<ThreadSettings['client'], Client>> = {
  node: nodeSqlite,
  'better-sqlite3': betterSqlite3,
}

function storeAdapter(name: string, client: ThreadSettings['client']): StoreAdapter {
  return {
    name,
    open: async () => openStore(client, await opener(clients[client])),
    notRun: () => reasonNotToRun(clients[client]),
  }
}

async function openStore(client: ThreadSettings['client'], open: SqliteOpen): Promise<OpenedStore> {
  const { file, remove } = scratch(open)
  const clock = new Float64Array(new SharedArrayBuffer(8)).fill(1_767_225_600_000)
  const { keep, close } = closingAll()
  const opening = (): Store =>
    keep(sqliteStore(file, { open, clock: { nowMs: () => clock[0] ?? 0 } }))
  const store = opening()
  await store.prepare()
  const second = keep(storeInThread({ file, client, clock }, store))
  return {
    store,
    second,
    async passTime(ms) {
      clock[0] = (clock[0] ?? 0) + ms
    },
    effects: effectsIn(open, file),
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

/** The slice of a connection that the user's own rows need; both clients have it. */
interface UserConnection {
  prepare(sql: string): {
    run(...values: readonly string[]): unknown
    get(...values: readonly string[]): unknown
  }
}

/**
 * A file in a folder of its own, with a table of the user's beside ours. Everything in this process goes through
 * one client: two SQLite libraries in one process do not see each other's locks.
 */
export function scratch(open: SqliteOpen): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'semel-conformance-'))
  const file = join(folder, 'shop.db')
  const user = open(file)
  user.exec('create table effects (key text primary key, value text not null) strict')
  user.close()
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function effectsIn(open: SqliteOpen, file: string): Effects {
  return {
    write(tx, key, value) {
      const user = tx as UserConnection
      user.prepare('insert into effects (key, value) values (?, ?)').run(key, value)
    },
    async read(key) {
      const user = open(file)
      const reading = user as UserConnection
      const row = reading.prepare('select value from effects where key = ?').get(key)
      user.close()
      return (row as { readonly value: string } | undefined)?.value
    },
  }
}

export async function inCallersTransaction<R>(
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
