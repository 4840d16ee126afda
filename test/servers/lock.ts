import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'

/** One process at a time. A lock of SQLite's, because it goes with the process that held it. */
export async function locked<R>(file: string, work: () => Promise<R>): Promise<R> {
  const db = new DatabaseSync(file)
  try {
    while (!taken(db)) await pause(20)
    return await work()
  } finally {
    db.close()
  }
}

function taken(db: DatabaseSync): boolean {
  try {
    db.exec('begin exclusive')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === 5) return false
    throw error
  }
}
