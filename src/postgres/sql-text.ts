import { SemelError } from '../errors/semel-error.ts'

/**
 * White space and comments, which nest; literals, quoted names and dollar quotes, whose content is nothing; words;
 * signs.
 */
const tokens =
  /(?<nothing>\s+|--[^\n]*)|(?<comment>\/\*)|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>[\p{L}_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[\p{L}_\u0080-\uffff][\w$\u0080-\uffff]*|[\s\S]/gu

/** Texts without any of these need no closer look. */
const suspicious =
  /\b(?:begin|start|commit|end|abort|rollback|prepare|set|reset|discard|release)\b/i

/** What a statement that begins with this word does to our transaction; the words after it are given. */
const refused: Readonly<Record<string, (next: readonly string[]) => boolean>> = {
  begin: () => true,
  start: ([first]) => first === 'transaction',
  commit: () => true,
  end: () => true,
  abort: () => true,
  rollback: (next) => !next.slice(0, 2).includes('to'),
  prepare: ([first]) => first === 'transaction',
  discard: () => true,
}

/** Settings that would outlive the transaction, on a connection that others use. */
function isSession(statement: readonly string[]): boolean {
  const [word, next] = statement
  if (word === 'reset') return true
  if (word !== 'set') return false
  return next !== 'local' && next !== 'transaction' && next !== 'constraints'
}

/**
 * Refuses statements that would end our transaction, or outlive it.
 *
 * @throws SEMEL_TX_OURS
 */
export function refuseOurs(sql: unknown): void {
  if (typeof sql !== 'string' || !suspicious.test(sql)) return
  for (const statement of statementsOf(sql)) {
    const [word = '', ...next] = statement
    if (refused[word]?.(next) !== true && !isSession(statement)) continue
    const said = statement.join(' ').toUpperCase()
    const why = isSession(statement) ? 'use SET LOCAL' : 'the transaction is ours'
    throw new SemelError('SEMEL_TX_OURS', `a handler cannot say ${said}: ${why}`)
  }
}

/** Whether a statement would interfere with others on one connection (P11). */
export function refuseAlone(sql: unknown): void {
  if (typeof sql !== 'string') return
  for (const [word = ''] of statementsOf(sql))
    if (['savepoint', 'release', 'rollback', 'set', 'lock'].includes(word))
      throw new SemelError(
        'SEMEL_TX_OURS',
        `a handler under independentBy cannot say ${word.toUpperCase()}: others share its transaction`,
      )
}

/** Words by which a statement is recognised. */
const wordsMax = 4

/** The first words of each statement, in lower case. */
function statementsOf(sql: string): readonly (readonly string[])[] {
  const statements: string[][] = []
  let statement: string[] = []
  tokens.lastIndex = 0
  for (let found = tokens.exec(sql); found !== null; found = tokens.exec(sql)) {
    const [text] = found
    const { nothing, comment } = found.groups ?? {}
    if (nothing !== undefined) continue
    if (comment !== undefined) tokens.lastIndex = afterComment(sql, found.index)
    else if (/^\$.*\$$/.test(text) && text.length > 1)
      tokens.lastIndex = afterDollars(sql, text, found.index)
    else if (text === ';') {
      statements.push(statement)
      statement = []
    } else if (statement.length < wordsMax) statement.push(text.toLowerCase())
  }
  return [...statements, statement].filter(({ length }) => length > 0)
}

function afterComment(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    const two = sql.slice(at, at + 2)
    if (two === '/*') depth++
    if (two === '*/') depth--
    if (two === '/*' || two === '*/') at++
    if (depth === 0) return at + 1
  }
  return sql.length
}

function afterDollars(sql: string, dollars: string, from: number): number {
  const end = sql.indexOf(dollars, from + dollars.length)
  return end < 0 ? sql.length : end + dollars.length
}
