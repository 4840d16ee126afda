import { type Answer, answer, type Terms } from '../harness.ts'
import { mariadb } from './mariadb.ts'
import { postgres } from './postgres.ts'
import { postgresContended } from './postgres-contended.ts'
import { postgresIndependent } from './postgres-independent.ts'
import { postgresGrowth } from './postgres-growth.ts'
import { redis } from './redis.ts'
import { sqlite } from './sqlite.ts'
import { sqliteDuplicates } from './sqlite-duplicates.ts'
import { sqliteGrowth } from './sqlite-growth.ts'

/** Every question by its name. A new one is one file, and one row here. */
export const questions: Readonly<Record<string, (terms: Terms) => Promise<Answer>>> = {
  [sqlite.name]: (terms) => answer(sqlite, terms),
  [sqliteDuplicates.name]: (terms) => answer(sqliteDuplicates, terms),
  [postgres.name]: (terms) => answer(postgres, terms),
  [postgresIndependent.name]: (terms) => answer(postgresIndependent, terms),
  [postgresContended.name]: (terms) => answer(postgresContended, terms),
  [postgresGrowth.name]: (terms) => answer(postgresGrowth, terms),
  [mariadb.name]: (terms) => answer(mariadb, terms),
  [redis.name]: (terms) => answer(redis, terms),
  [sqliteGrowth.name]: (terms) => answer(sqliteGrowth, terms),
}
