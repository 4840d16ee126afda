import { SemelError } from '../errors/semel-error.ts'

/**
 * White space and comments; the opening and the end of comments that are executed, which are nothing by themselves;
 * literals and quoted names, whose content is nothing; words; signs.
 */
const tokens = {
  withBackslashes:
    /(?<nothing>\s+|#[^\n]*|--(?=\s|\p{Cc}|$)[^\n]*|\/\*M?!\d*|\*\/|\/\*(?!M?!)[\s\S]*?(?:\*\/|$))|'(?:[^'\\]|\\[\s\S]|'')*'?|"(?:[^"\\]|\\[\s\S]|"")*"?|`(?:[^`]|``)*`?|[\p{L}\p{N}_$\u0080-\uffff]+|[\s\S]/gu,
  /** Under NO_BACKSLASH_ESCAPES. */
  without:
    /(?<nothing>\s+|#[^\n]*|--(?=\s|\p{Cc}|$)[^\n]*|\/\*M?!\d*|\*\/|\/\*(?!M?!)[\s\S]*?(?:\*\/|$))|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|[\p{L}\p{N}_$\u0080-\uffff]+|[\s\S]/gu,
} as const

type Refusal = (next: readonly string[]) => boolean
const always: Refusal = () => true
const unlessTemporary: Refusal = (next) => !next.slice(0, 3).includes('temporary')
const isTable: Refusal = ([first = '']) =>
  ['table', 'tables', 'local', 'no_write_to_binlog'].includes(first)

/**
 * What a statement that begins with this word does: ends our transaction, by itself or because the server commits
 * before it; hides others in it; or changes the session, which others use after us. The words after it are given.
 */
const refused: Readonly<Record<string, Refusal>> = {
  begin: always,
  start: always,
  commit: always,
  rollback: (next) => !next.slice(0, 2).includes('to'),
  xa: always,
  set: (next) => !setsOwnVariables(next),
  use: always,
  lock: always,
  unlock: always,
  create: unlessTemporary,
  drop: unlessTemporary,
  alter: always,
  truncate: always,
  rename: always,
  grant: always,
  revoke: always,
  analyze: isTable,
  check: isTable,
  optimize: always,
  repair: always,
  flush: always,
  reset: always,
  load: ([first]) => first === 'index',
  cache: always,
  install: always,
  uninstall: always,
  change: always,
  stop: always,
  import: always,
  clone: always,
  restart: always,
  shutdown: always,
  backup: always,
  prepare: always,
  execute: always,
  if: always,
  case: always,
  loop: always,
  repeat: always,
  while: always,
  for: always,
}

/** Texts without any of these need no closer look. */
const suspicious = new RegExp(`\\b(?:${Object.keys(refused).join('|')})\\b`, 'i')

/**
 * Refuses statements that would end our transaction, or outlive it.
 *
 * @throws SEMEL_TX_OURS
 */
export function refuseOurs(sql: unknown): void {
  if (typeof sql !== 'string' || !suspicious.test(sql)) return
  // How a backslash is read depends on the session: refused is what either reading finds.
  const readings = sql.includes('\\') ? [tokens.withBackslashes, tokens.without] : [tokens.without]
  for (const reading of readings)
    for (const [word = '', ...next] of statementsOf(sql, reading)) {
      if (!Object.hasOwn(refused, word) || refused[word]?.(next) !== true) continue
      const said = [word, ...next].slice(0, 4).join(' ').toUpperCase()
      throw new SemelError(
        'SEMEL_TX_OURS',
        `a handler cannot say ${said}: it would end the transaction, which is ours, or outlive it`,
      )
    }
}

/** `set @mine = 1, @other = 2`, and `set statement … for`, which lasts for one statement. */
function setsOwnVariables(words: readonly string[]): boolean {
  if (words[0] === 'statement') return true
  let depth = 0
  let isTarget = true
  for (const [at, word] of words.entries()) {
    if (isTarget && (word !== '@' || words[at + 1] === '@')) return false
    if (word === '(') depth++
    if (word === ')') depth--
    isTarget = word === ',' && depth === 0
  }
  return true
}

/** The words of each statement, in lower case. */
function statementsOf(sql: string, reading: RegExp): readonly (readonly string[])[] {
  const statements: string[][] = []
  let statement: string[] = []
  for (const found of sql.matchAll(reading)) {
    const [text] = found
    if (found.groups?.['nothing'] !== undefined) continue
    if (text === ';') {
      statements.push(statement)
      statement = []
    } else statement.push(text.toLowerCase())
  }
  return [...statements, statement].filter(({ length }) => length > 0)
}
