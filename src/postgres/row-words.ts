import type { RowDialect } from '../sql/sql-guards.ts'
import { guards } from './statements.gen.ts'

const quote = (name: string): string => `"${name}"`

/** How PostgreSQL guards rows of the user's: the insert itself names the index that it may meet. */
export const rowWords: RowDialect = {
  quote,
  place: (number) => `$${number}`,
  text: (column) => `${column}::text`,
  exactly: (column, value) => `${column} = ${value}`,
  unlessThere: (columns) => ` on conflict (${columns.join(', ')}) do nothing`,
  returning: ' returning 1 as done',
  forUpdate: ' for update',
  isDuplicate: () => false,
  changed: undefined,
  shape: guards,
  tableOf: (parts) => ({ table: parts.map(quote).join('.') }),
}
