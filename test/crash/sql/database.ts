import { type At, type Database } from './kinds.ts'
import { mariadb, mysql } from './mysql.ts'
import { postgres } from './postgres.ts'

/** Each is one row; what they must say of themselves stands in `kinds.ts`. */
export const databases: readonly Database[] = [postgres, mariadb, mysql]

export function databaseOf({ database }: At): Database {
  const found = databases.find(({ name }) => name === database)
  if (found === undefined) throw new Error(`there is no database ${database}`)
  return found
}
