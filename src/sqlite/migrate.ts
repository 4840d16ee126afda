import { SemelError } from '../errors/semel-error.ts'
import type { Connection } from './connection.ts'
import { migrations, schema } from './statements.gen.ts'

/** One step of the tables, forward only. */
export interface SqliteMigration {
  readonly version: number
  readonly name: string
  /** The whole step, which notes itself; to be run in one transaction. */
  readonly sql: string
}

/** Every migration, the oldest first; for people who look before they run something. */
export const sqliteMigrations: readonly SqliteMigration[] = migrations.map(whole)

/**
 * Takes the next step, inside a transaction that holds the lock of the writer: of two processes that race the
 * second one finds it done. Answers its name, undefined when there is none left.
 *
 * @throws SEMEL_SCHEMA_AHEAD
 */
export function migrateOnce(connection: Connection, file: string): string | undefined {
  const version = versionOf(connection)
  const latest = sqliteMigrations.at(-1)?.version ?? 0
  if (version > latest)
    throw new SemelError(
      'SEMEL_SCHEMA_AHEAD',
      `${file} has tables of version ${version}, this version of semel knows ${latest}`,
    )
  const next = sqliteMigrations.find((migration) => migration.version > version)
  if (next !== undefined) connection.exec(next.sql)
  return next?.name
}

function versionOf(connection: Connection): number {
  const { tables = 0 } = connection.get<{ readonly tables: number }>(schema.exists) ?? {}
  if (tables === 0) return 0
  return connection.get<{ readonly version: number | null }>(schema.version)?.version ?? 0
}

function whole({ version, name, sql }: SqliteMigration): SqliteMigration {
  const note = `insert into semel_schema (version, name, migrated_ms)
values (${version}, '${name}', cast(unixepoch('subsec') * 1000 as integer));
`
  return { version, name, sql: `${sql}\n${note}` }
}
