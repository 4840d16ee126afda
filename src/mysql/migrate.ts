import { SemelError } from '../errors/semel-error.ts'
import type { SqlConnection } from '../sql/client.ts'
import { type On, run, type SqlParts } from '../sql/parts.ts'
import { numberOf } from '../sql/rows.ts'
import type { SqlValues } from '../sql/template.ts'
import { migrations, schema } from './statements.gen.ts'
import type { MysqlTables } from './tables.ts'

/** One step of the tables, forward only. */
export interface MysqlMigration {
  readonly version: number
  readonly name: string
  /** The whole step, which notes itself. Each statement commits by itself, and does no harm when it is repeated. */
  readonly sql: string
}

/** Every migration, the oldest first; for people who look before they run something. */
export const mysqlMigrations: readonly MysqlMigration[] = migrations.map(whole)

const latest = mysqlMigrations.at(-1)?.version ?? 0

/**
 * @throws SEMEL_SCHEMA_MISSING, SEMEL_SCHEMA_BEHIND, SEMEL_SCHEMA_AHEAD
 */
export async function checkSchema(parts: SqlParts, tables: MysqlTables): Promise<void> {
  const { where } = parts
  const version = await schemaVersion({ connection: parts.client, parts }, tables)
  if (version === 0) throw new SemelError('SEMEL_SCHEMA_MISSING', `${where} has no tables of semel`)
  if (version < latest)
    throw new SemelError(
      'SEMEL_SCHEMA_BEHIND',
      `${where} has tables of version ${version}, this version of semel needs ${latest}`,
    )
  refuseAhead(version, where)
}

/** Brings the tables up to date, on one connection; answers the names of what was done. */
export async function migrate(
  parts: SqlParts,
  connection: Pick<SqlConnection, 'query'>,
  tables: MysqlTables,
): Promise<readonly string[]> {
  const on: On = { connection, parts }
  const lock = {
    name: `semel migrates ${tables.database ?? ''} ${tables.prefix ?? ''}`.slice(0, 64),
  }
  const [locked] = await run(on, schema.lock, lock)
  if (numberOf(locked?.['is_ours']) !== 1)
    throw new SemelError('SEMEL_STORE_CONTENDED', `${parts.where}: somebody else is migrating`)
  try {
    const version = await schemaVersion(on, tables)
    refuseAhead(version, parts.where)
    const next = mysqlMigrations.filter((migration) => migration.version > version)
    for (const { sql } of next)
      for (const statement of statementsOf(sql)) await run(on, statement, {})
    return next.map(({ name }) => name)
  } finally {
    await run(on, schema.unlock, lock)
  }
}

/** Names of our tables, as the catalogue of the server has them. */
export function tableNames({ database, prefix = 'semel_' }: MysqlTables): SqlValues {
  const named = ['inbox', 'parked', 'name', 'step'].map((table) => [table, `${prefix}${table}`])
  return { ...Object.fromEntries(named), database: database ?? null }
}

async function schemaVersion(
  on: On,
  { database, prefix = 'semel_' }: MysqlTables,
): Promise<number> {
  const values = { database: database ?? null, name: `${prefix}schema` }
  const [row] = await run(on, schema.exists, values)
  if (numberOf(row?.['is_there']) !== 1) return 0
  const [last] = await run(on, schema.version, {})
  return numberOf(last?.['version']) ?? 0
}

function refuseAhead(version: number, where: string): void {
  if (version <= latest) return
  throw new SemelError(
    'SEMEL_SCHEMA_AHEAD',
    `${where} has tables of version ${version}, this version of semel knows ${latest}`,
  )
}

function whole({ version, name, sql }: MysqlMigration): MysqlMigration {
  const note = `insert into semel_schema (version, name, migrated_ms)
values (${version}, '${name}', unix_timestamp() * 1000)
    on duplicate key update name = values(name);
`
  return { version, name, sql: `${sql}\n${note}` }
}

function statementsOf(sql: string): readonly string[] {
  const lines = sql.split('\n').filter((line) => !line.startsWith('--'))
  return lines
    .join('\n')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
