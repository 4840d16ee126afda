import type { Clock } from '../inbox/clock.ts'
import type { SqlClient, SqlConnection, SqlRow, SqlStatement } from './client.ts'
import type { Dialect, Run } from './dialect.ts'
import type { Names } from './names.ts'
import { bound, type SqlValues, written } from './template.ts'

/** What the parts of a SQL store share. */
export interface SqlParts<Tx = unknown> {
  readonly client: SqlClient<Tx>
  readonly dialect: Dialect
  readonly names: Names
  /** For messages of errors: which database. */
  readonly where: string
  /** In tests that let time pass; else the clock of the server. */
  readonly clock: Clock | undefined
  /** A statement as it is sent: with the schema and the prefix of the tables. */
  named(sql: string): string
}

/** A connection with what is needed to run statements of ours on it. */
export interface On {
  readonly connection: Pick<SqlConnection, 'query'>
  readonly parts: SqlParts
}

/** Runs one statement of ours, and translates its error. */
export function run(
  on: On,
  sql: string,
  values: SqlValues,
  rows: readonly SqlValues[] = [],
): Promise<readonly SqlRow[]> {
  const { dialect, named } = on.parts
  const { place, literal } = dialect
  if (place !== undefined) return send(on, bound(named(sql), place, values, rows))
  return send(on, { text: written(named(sql), values, rows, literal), values: [] })
}

/** The same of one that is written already. */
export async function send(
  { connection, parts }: On,
  statement: SqlStatement,
): Promise<readonly SqlRow[]> {
  try {
    return await connection.query(statement)
  } catch (error) {
    throw parts.dialect.storeError(error, parts.where)
  }
}

/** In as few round trips as the connection can. */
export function runWith(on: On, { script }: Pick<SqlConnection, 'script'>): Run {
  const { dialect, named, where } = on.parts
  return async (sql, values, rows = [], after = []) => {
    if (script === undefined) {
      const answer = await run(on, sql, values, rows)
      for (const text of after) await run(on, text, {})
      return answer
    }
    try {
      const text = written(named(sql), values, rows, dialect.literal)
      const [answer = []] = await script([text, ...after])
      return answer
    } catch (error) {
      throw dialect.storeError(error, where)
    }
  }
}

/** The time for statements that need it: undefined is the server's own. */
export function clock({ parts }: On): SqlValues {
  return { now: parts.clock === undefined ? null : Math.floor(parts.clock.nowMs()) }
}
