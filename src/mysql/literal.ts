import type { SqlStatement, SqlValue } from '../sql/client.ts'

/** In hexadecimal: no `sql_mode`, no character set and no setting of the driver reads a quote into it. */
export function literal(value: SqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return `_utf8mb4 ${bytes(Buffer.from(value))}`
  return bytes(value)
}

/** With the values in their places. */
export function textOf({ text, values }: SqlStatement): string {
  if (values.length === 0) return text
  const rest = [...values]
  return text.replaceAll('?', () => literal(rest.shift() ?? null))
}

function bytes(value: Uint8Array): string {
  return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`
}
