import { SemelError } from '../errors/semel-error.ts'
import { run, type SqlParts } from '../sql/parts.ts'
import { checkSchema } from './migrate.ts'
import { server } from './statements.gen.ts'

interface Settings {
  readonly version: number
  readonly in_recovery: boolean
  readonly read_only: string
  readonly encoding: string
  readonly fsync: string
  readonly synchronous_commit: string
  readonly full_page_writes: string
}

/** The oldest that is looked at; `select … for update skip locked` and `lateral` would do with less. */
const oldest = 120_000

/** One for a handler's transaction, and one for what it may need besides. */
const connectionsMin = 2

/**
 * What every start looks at: the pool, the server, the tables.
 *
 * @throws SEMEL_POOL_TOO_SMALL, SEMEL_DATABASE_UNSAFE, SEMEL_STORE_READ_ONLY, SEMEL_SCHEMA_…
 */
export async function checkAll(parts: SqlParts): Promise<readonly string[]> {
  const { client, where } = parts
  const { connectionsMax } = client
  if (connectionsMax !== undefined && connectionsMax < connectionsMin)
    throw new SemelError(
      'SEMEL_POOL_TOO_SMALL',
      `the pool of ${client.name} has ${connectionsMax} connection; at least ${connectionsMin} are needed`,
    )
  const [row] = await run({ connection: client, parts }, server.settings, {})
  const settings = row as unknown as Settings
  const problem = problemOf(settings)
  if (problem !== undefined) throw new SemelError('SEMEL_DATABASE_UNSAFE', `${where}: ${problem}`)
  if (settings.in_recovery || settings.read_only === 'on')
    throw new SemelError(
      'SEMEL_STORE_READ_ONLY',
      `${where} is a replica, or its transactions are read-only`,
    )
  await checkSchema(parts)
  return windowsOf(settings)
}

function problemOf({ version, encoding }: Settings): string | undefined {
  if (version < oldest)
    return `the server has version ${version}; ${oldest} is the oldest that is supported`
  if (encoding !== 'UTF8')
    return `the database is encoded in ${encoding}; messages are kept as UTF8`
  return undefined
}

/** What a crash of the server can take back, after it was acknowledged. */
function windowsOf({ fsync, synchronous_commit, full_page_writes }: Settings): readonly string[] {
  const settings = { fsync, synchronous_commit, full_page_writes }
  return Object.entries(settings)
    .filter(([, value]) => value === 'off')
    .map(
      ([name]) =>
        `postgres: ${name} is off: a crash of the server can lose effects that were acknowledged`,
    )
}
