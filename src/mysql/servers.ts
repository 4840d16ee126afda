import type { Isolation } from '../sql/client.ts'
import { type SqlValues, written } from '../sql/template.ts'
import { literal } from './literal.ts'
import { mariadb, mysql, mysql5 } from './statements.gen.ts'

/** How a transaction of ours begins. */
export interface BeginTerms {
  readonly isolation: Isolation
  /** Null: as the session has it. */
  readonly lockSeconds: number | null
  readonly idleSeconds: number
}

/** What differs between the servers that speak this protocol; their statements stand in files of their own. */
export interface Server {
  readonly name: string
  /** The oldest that is supported. */
  readonly oldest: number
  /** Several statements at once, in a block of its own language; undefined: it has none outside of procedures. */
  readonly block: ((texts: readonly string[]) => string) | undefined
  begin(terms: BeginTerms): readonly string[]
  readonly restore: string
  /** Before a prune, where rows cannot be left out because somebody is looking at them. */
  readonly impatient: string | undefined
  readonly prunable: string
}

const onMariadb: Server = {
  name: 'mariadb',
  oldest: 10_06_00,
  block: (texts) => `begin not atomic\n${texts.join(';\n')};\nend`,
  begin: ({ isolation, ...seconds }) => [
    written(mariadb.begin, seconds, [], literal),
    `set transaction isolation level ${isolation}`,
  ],
  restore: mariadb.restore,
  impatient: undefined,
  prunable: mariadb.prunable,
}

const onMysql5: Server = {
  name: 'mysql',
  oldest: 5_06_00,
  block: undefined,
  begin: (terms) => [written(mysql5.begin, valuesOf(terms), [], literal)],
  restore: mysql5.restore,
  impatient: mysql5.impatient,
  prunable: mysql5.prunable,
}

const onMysql: Server = {
  ...onMysql5,
  begin: (terms) => [written(mysql.begin, valuesOf(terms), [], literal)],
  restore: mysql.restore,
  impatient: undefined,
  prunable: mysql.prunable,
}

/** As the server names itself: `10.11.19-MariaDB`, `5.6.24`, `8.4.0`. */
export function serverOf(version: string): Server {
  if (/mariadb/i.test(version)) return onMariadb
  return versionNumber(version) < 8_00_00 ? onMysql5 : onMysql
}

/** 10.11.19 is 101119. */
export function versionNumber(version: string): number {
  // Old drivers are told that a MariaDB is a 5.5.5.
  const [, major = 0, minor = 0, patch = 0] =
    /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) * 10_000 + Number(minor) * 100 + Number(patch)
}

function valuesOf({ isolation, ...seconds }: BeginTerms): SqlValues {
  return { ...seconds, isolation: isolation.toUpperCase().replace(' ', '-') }
}
