import { SemelError } from '../errors/semel-error.ts'

/** Where the tables are. */
export interface PostgresTables {
  /** Default: wherever the search path of the connection finds them. */
  readonly schema?: string
  /** What the names of the tables begin with. Default: `semel_`. */
  readonly prefix?: string
}

const tables = /\bsemel_(?=(?:schema|name|inbox|parked|step|rate|audit)(?:_\w+)?\b)/g
const bare = /\b(?<!index )semel_(schema|name|inbox|parked|step|rate|audit)\b/g

/**
 * Writes schema and prefix into the names of a statement. Names of indexes take the prefix alone.
 *
 * @throws SEMEL_OPTION_INVALID for names that would have to be quoted.
 */
export function namedBy({ schema, prefix = 'semel_' }: PostgresTables): (sql: string) => string {
  checkName('schema', schema)
  checkName('prefix', prefix)
  const known = new Map<string, string>()
  const within = schema === undefined ? '' : `${schema}.`
  return (sql) => {
    const before = known.get(sql)
    if (before !== undefined) return before
    const named = sql
      .replace(bare, (_, table: string) => `${within}\u0000${table}`)
      .replace(tables, prefix)
      .replaceAll('\u0000', prefix)
    known.set(sql, named)
    return named
  }
}

function checkName(option: string, name: string | undefined): void {
  if (name === undefined || /^[a-z_][a-z0-9_]{0,39}$/.test(name)) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${option} is ${JSON.stringify(name)}; it must be of lower-case letters, digits and underscores, at most 40`,
  )
}
