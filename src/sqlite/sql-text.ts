import { SemelError } from '../errors/semel-error.ts'

/**
 * White space and comments, which are nothing; literals and quoted names, whose content is nothing; words; signs.
 * A doubled quote reads as two literals side by side, which is the same here.
 */
const tokens =
  /(?<nothing>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|[\p{L}_$\u0080-\uffff][\w$\u0080-\uffff]*|[\s\S]/gu

/** Texts without any of these need no closer look. */
const suspicious = /\b(?:begin|commit|end|rollback|attach|detach|pragma)\b/i

/** Settings of the connection that stay when the transaction has ended, or take its durability. */
const settings = [
  'busy_timeout',
  'journal_mode',
  'journal_size_limit',
  'locking_mode',
  'query_only',
  'synchronous',
  'wal_autocheckpoint',
  'wal_checkpoint',
  'writable_schema',
]

/** What a statement that begins with this word does to our transaction; the words after it are given. */
const refused: Readonly<Record<string, (next: readonly string[]) => boolean>> = {
  begin: () => true,
  commit: () => true,
  end: () => true,
  attach: () => true,
  detach: () => true,
  rollback: ([first, second]) => first !== 'to' && !(first === 'transaction' && second === 'to'),
  pragma: (next) => next.slice(0, 3).some((word) => settings.includes(word)),
}

/**
 * Refuses statements that would end our transaction, or outlive it.
 *
 * @throws SEMEL_TX_OURS
 */
export function refuseOurs(sql: unknown): void {
  if (typeof sql !== 'string' || !suspicious.test(sql)) return
  for (const [word = '', ...next] of statementsOf(sql))
    if (refused[word]?.(next) === true)
      throw new SemelError(
        'SEMEL_TX_OURS',
        `a handler cannot say ${[word, ...next].join(' ').toUpperCase()}: the transaction is ours`,
      )
}

/** Words by which a statement is recognised. */
const wordsMax = 4

/** The first words of each statement, in lower case; nothing of what stands in a trigger, which runs later. */
function statementsOf(sql: string): readonly (readonly string[])[] {
  const statements: string[][] = []
  let statement: string[] = []
  let inTrigger = false
  for (const { 0: text, groups = {} } of [...sql.matchAll(tokens), { 0: ';', groups: {} }]) {
    if (groups['nothing'] !== undefined) continue
    if (text !== ';') {
      if (statement.length < wordsMax) statement.push(wordOf(text))
      continue
    }
    if (!inTrigger) statements.push(statement)
    // Of its body END alone is a statement that ends it.
    inTrigger = inTrigger ? statement[0] !== 'end' : isTrigger(statement)
    statement = []
  }
  return statements
}

/** SQLite takes a quoted name for the name. */
function wordOf(token: string): string {
  return token.replace(/^["'`[]|["'`\]]$/g, '').toLowerCase()
}

function isTrigger([create, second, third]: readonly string[]): boolean {
  if (create !== 'create') return false
  return (
    second === 'trigger' || ((second === 'temp' || second === 'temporary') && third === 'trigger')
  )
}
