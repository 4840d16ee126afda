import { SemelError } from '../errors/semel-error.ts'

/** Where the tables are. */
export interface MysqlTables {
  /** Default: the database of the connection. */
  readonly database?: string
  /** What the names of the tables begin with. Default: `semel_`. */
  readonly prefix?: string
}

const tables = /\bsemel_(schema|name|inbox|parked|step|rate|audit)\b/g

/**
 * Writes database and prefix into the names of a statement.
 *
 * @throws SEMEL_OPTION_INVALID for names that cannot be written so.
 */
export function namedBy({ database, prefix = 'semel_' }: MysqlTables): (sql: string) => string {
  checkName('database', database, /^[\w$-]{1,64}$/)
  checkName('prefix', prefix, /^[a-z_][a-z0-9_]{0,39}$/)
  const known = new Map<string, string>()
  const within = database === undefined ? '' : `\`${database}\`.`
  return (sql) => {
    const before = known.get(sql)
    if (before !== undefined) return before
    const named = sql.replace(tables, (_, table: string) => `${within}${prefix}${table}`)
    known.set(sql, named)
    return named
  }
}

function checkName(option: string, name: string | undefined, allowed: RegExp): void {
  if (name === undefined || allowed.test(name)) return
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${option} is ${JSON.stringify(name)}; it must match ${allowed.source}`,
  )
}
