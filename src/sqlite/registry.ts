import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { SemelError } from '../errors/semel-error.ts'
import type { Opening } from './connect.ts'
import type { SqliteOpen } from './connection.ts'
import { type Database, databaseOf } from './database.ts'

/** What one store, source or publisher needs of its file. */
export interface Wants {
  /** `node`: by `node:sqlite`. Undefined: however the others of this file want it. */
  readonly open: SqliteOpen | 'node' | undefined
  /** Undefined: as the others want it. */
  readonly busyMsMax: number | undefined
}

/** One user's hold on a database. */
export interface Handle {
  readonly database: Database
  /** Closes the connection with the last handle of its file. Idempotent. */
  release(): Promise<void>
}

interface Entry {
  readonly database: Database
  readonly opening: Opening
  users: number
}

/** Two copies of this package in one process share it, so its shape never changes under this name. */
const registryKey = Symbol.for('semel.sqlite')

/**
 * The database of a file: one connection for each real path, whoever asks.
 *
 * @throws SEMEL_OPTION_INVALID when the file is none, or when others have opened it in another way.
 */
export function acquire(file: string, wants: Wants): Handle {
  const path = realPath(file)
  const entries = registry()
  const entry = entries.get(path) ?? newEntry(path)
  agree(entry.opening, wants)
  entries.set(path, entry)
  entry.users++
  let released = false
  return {
    database: entry.database,
    async release() {
      if (released) return
      released = true
      if (--entry.users > 0) return
      entries.delete(path)
      await entry.database.close()
    },
  }
}

function registry(): Map<string, Entry> {
  const global = globalThis as unknown as Record<symbol, Map<string, Entry> | undefined>
  const entries = global[registryKey] ?? new Map<string, Entry>()
  global[registryKey] = entries
  return entries
}

function newEntry(file: string): Entry {
  const opening: Opening = { file, open: undefined, busyMsMax: undefined }
  return { database: databaseOf(opening), opening, users: 0 }
}

/** The first one who cares decides; who cares for something else is told. */
function agree(opening: Opening, { open, busyMsMax }: Wants): void {
  if (open !== undefined && opening.open !== undefined && open !== opening.open)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `${opening.file} is open in this process with another "open"; give its stores, sources and publishers the same function`,
    )
  opening.open ??= open
  if (busyMsMax !== undefined) opening.busyMsMax = Math.max(busyMsMax, opening.busyMsMax ?? 0)
}

/** Two names of one file are one database. */
export function realPath(file: string): string {
  refuseNoFile(file)
  const path = resolve(file)
  try {
    return realpathSync.native(path)
  } catch {
    // Not there yet: the first connection makes it.
  }
  try {
    return join(realpathSync.native(dirname(path)), basename(path))
  } catch (cause) {
    throw new SemelError('SEMEL_OPTION_INVALID', `the folder of ${file} cannot be reached`, {
      cause,
    })
  }
}

function refuseNoFile(file: unknown): void {
  if (typeof file !== 'string' || file === '' || file.includes('\0') || file.startsWith('file:'))
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `the file is ${JSON.stringify(file)}; it must be a path, and what else a connection needs stands in "open"`,
    )
  if (file === ':memory:')
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'a database in memory forgets with the process and is not shared: use memoryStore() and memorySource()',
    )
}

/** Whether a path that SQLite answers is that of a database. */
export function sameFile(path: string, file: string): boolean {
  return path !== '' && realPath(path) === file
}
