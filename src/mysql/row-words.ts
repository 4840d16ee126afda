import type { RowDialect } from '../sql/sql-guards.ts'
import { isDuplicate } from './mysql-errors.ts'
import { guards } from './statements.gen.ts'

/** How both databases guard rows of the user's: an insert cannot name the index that it may meet, so it is looked at. */
export const rowWords: RowDialect = {
  quote: (name) => `\`${name}\``,
  place: () => '?',
  text: (column) => `cast(${column} as char)`,
  // The collation of the column may fold letters, and those of a sort that does not still pass over blanks at the end.
  exactly: (column, value) =>
    `cast(convert(${column} using utf8mb4) as binary) = cast(${value} as binary)`,
  unlessThere: () => '',
  returning: '',
  forUpdate: ' for update',
  isDuplicate,
  changed: 'select row_count() as n',
  shape: guards,
  tableOf(parts) {
    const [table = '', database = null] = parts.toReversed()
    return { table, database }
  },
}
