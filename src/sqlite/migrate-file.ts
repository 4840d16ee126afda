import { connected, migrated, type Opening } from './connect.ts'
import type { SqliteOpen } from './connection.ts'
import { realPath } from './registry.ts'
import { storeError } from './sqlite-errors.ts'

export interface MigrateSqliteOptions {
  /** Makes the connection. Default: `node:sqlite`. */
  readonly open?: SqliteOpen
}

/**
 * Brings the tables of a file up to date, as every start does by itself. Answers the names of what was done.
 *
 * @throws SEMEL_SCHEMA_AHEAD, SEMEL_STORE_…
 */
export async function migrateSqlite(
  file: string,
  { open }: MigrateSqliteOptions = {},
): Promise<readonly string[]> {
  const opening: Opening = { file: realPath(file), open, busyMsMax: undefined }
  try {
    const connection = await connected(opening)
    try {
      return await migrated(connection, opening)
    } finally {
      connection.close()
    }
  } catch (error) {
    throw storeError(error, opening.file)
  }
}
