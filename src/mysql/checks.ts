import { SemelError } from '../errors/semel-error.ts'
import type { SqlRow } from '../sql/client.ts'
import { run, type SqlParts } from '../sql/parts.ts'
import { checkSchema, tableNames } from './migrate.ts'
import type { Known } from './mysql-pool.ts'
import { serverOf, versionNumber } from './servers.ts'
import { schema } from './statements.gen.ts'
import type { MysqlTables } from './tables.ts'

interface Settings {
  readonly version: string
  readonly sql_mode: string
  readonly autocommit: number
  readonly log_bin: number
  readonly binlog_format: string
  readonly read_only: number
  readonly flush_log: number
  readonly sync_binlog: number
}

/** One for a handler's transaction, and one for what it may need besides. */
const connectionsMin = 2

const bytes = ['binary', 'varbinary']

/**
 * What every start looks at: the pool, the server, the session as the pool sets it up, the tables.
 *
 * @throws SEMEL_POOL_TOO_SMALL, SEMEL_DATABASE_UNSAFE, SEMEL_STORE_READ_ONLY, SEMEL_SCHEMA_…
 */
export async function checkAll(
  parts: SqlParts,
  tables: MysqlTables,
  known: Known,
): Promise<readonly string[]> {
  const { client, where } = parts
  const { connectionsMax } = client
  if (connectionsMax !== undefined && connectionsMax < connectionsMin)
    throw new SemelError(
      'SEMEL_POOL_TOO_SMALL',
      `the pool of ${client.name} has ${connectionsMax} connection; at least ${connectionsMin} are needed`,
    )
  const on = { connection: client, parts }
  const [row] = await run(on, schema.settings, {})
  const settings = row as unknown as Settings
  known.server = serverOf(settings.version)
  refuse(where, problemOf(settings))
  if (Number(settings.read_only) !== 0)
    throw new SemelError('SEMEL_STORE_READ_ONLY', `${where} is a replica, or set to read_only`)
  await checkSchema(parts, tables)
  const names = tableNames(tables)
  refuse(where, problemOfTables(await run(on, schema.engines, names)))
  refuse(where, problemOfColumns(await run(on, schema.columns, names)))
  return windowsOf(settings)
}

function refuse(where: string, problem: string | undefined): void {
  if (problem !== undefined) throw new SemelError('SEMEL_DATABASE_UNSAFE', `${where}: ${problem}`)
}

function problemOf(settings: Settings): string | undefined {
  const { version, sql_mode: mode, autocommit, log_bin: logs, binlog_format: format } = settings
  const modes = mode.split(',')
  if (versionNumber(version) < serverOf(version).oldest)
    return `the server is ${version}; MariaDB 10.6 and MySQL 5.6 are the oldest that are supported`
  if (!modes.includes('STRICT_TRANS_TABLES') && !modes.includes('STRICT_ALL_TABLES'))
    return `sql_mode is '${mode}', so what does not fit is cut off without an error; add STRICT_TRANS_TABLES, in the server or with each connection of the pool`
  if (modes.includes('ORACLE'))
    return `sql_mode is '${mode}'; the language of ORACLE has other words for what semel sends`
  if (Number(autocommit) === 0)
    return 'autocommit is 0 on a fresh connection of the pool, so nothing commits by itself; leave it at 1'
  if (Number(logs) === 1 && format === 'STATEMENT')
    return 'binlog_format is STATEMENT, which cannot take what is written under READ COMMITTED; set it to ROW or MIXED'
  return undefined
}

function problemOfTables(rows: readonly SqlRow[]): string | undefined {
  const other = rows.find(({ engine }) => String(engine).toLowerCase() !== 'innodb')
  return (
    other &&
    `the table ${String(other['table'])} has the engine ${String(other['engine'])}, which has no transactions; alter it to InnoDB`
  )
}

function problemOfColumns(rows: readonly SqlRow[]): string | undefined {
  const other = rows.find(({ type }) => !bytes.includes(String(type).toLowerCase()))
  return (
    other &&
    `the column ${String(other['table'])}.${String(other['column'])} is ${String(other['type'])}, whose collation makes different keys equal; alter it back to varbinary`
  )
}

/** What a crash of the server can take back, after it was acknowledged. */
function windowsOf(settings: Settings): readonly string[] {
  const { log_bin: logs, flush_log: flush, sync_binlog: sync } = settings
  const name = serverOf(settings.version).name
  const lost = 'a crash of the server can lose effects that were acknowledged'
  const windows: string[] = []
  if (Number(flush) !== 1)
    windows.push(`${name}: innodb_flush_log_at_trx_commit is ${flush}: ${lost}`)
  if (Number(logs) === 1 && Number(sync) !== 1)
    windows.push(`${name}: sync_binlog is ${sync}: after a crash its replicas can lack effects`)
  return windows
}
