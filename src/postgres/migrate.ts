import { SemelError } from '../errors/semel-error.ts'
import { run, type SqlParts } from '../sql/parts.ts'
import { numberOf } from '../sql/rows.ts'
import { migrations, schema } from './statements.gen.ts'

/** One step of the tables, forward only. */
export interface PostgresMigration {
  readonly version: number
  readonly name: string
  /** The whole step, which notes itself; to be run in one transaction. */
  readonly sql: string
}

/** Every migration, the oldest first; for people who look before they run something. */
export const postgresMigrations: readonly PostgresMigration[] = migrations.map(whole)

const latest = postgresMigrations.at(-1)?.version ?? 0

/**
 * @throws SEMEL_SCHEMA_MISSING, SEMEL_SCHEMA_BEHIND, SEMEL_SCHEMA_AHEAD
 */
export async function checkSchema(parts: SqlParts): Promise<void> {
  const { where } = parts
  const version = await schemaVersion(parts, parts.client)
  if (version === 0) throw new SemelError('SEMEL_SCHEMA_MISSING', `${where} has no tables of semel`)
  if (version < latest)
    throw new SemelError(
      'SEMEL_SCHEMA_BEHIND',
      `${where} has tables of version ${version}, this version of semel needs ${latest}`,
    )
  refuseAhead(version, where)
}

/** Brings the tables up to date in one transaction; answers the names of what was done. */
export async function migrate(parts: SqlParts): Promise<readonly string[]> {
  const terms = { messages: 0, interleaved: false }
  // Tables may have to wait for whoever is using them.
  const opening = { ...parts.dialect.opening(terms), answerMsMax: Number.POSITIVE_INFINITY }
  return parts.client.transaction(opening, async (connection) => {
    const on = { connection, parts }
    await run(on, schema.lock, {})
    const version = await schemaVersion(parts, connection)
    refuseAhead(version, parts.where)
    const next = postgresMigrations.filter((migration) => migration.version > version)
    for (const { sql } of next) await run(on, sql, {})
    return next.map(({ name }) => name)
  })
}

async function schemaVersion(
  parts: SqlParts,
  connection: Parameters<typeof run>[0]['connection'],
): Promise<number> {
  const on = { connection, parts }
  const [row] = await run(on, schema.exists, { name: parts.named('semel_schema') })
  if (row?.['is_there'] !== true) return 0
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

function whole({ version, name, sql }: PostgresMigration): PostgresMigration {
  const note = `insert into semel_schema (version, name, migrated_ms)
values (${version}, '${name}', (extract(epoch from clock_timestamp()) * 1000)::bigint);
`
  return { version, name, sql: `${sql}\n${note}` }
}
