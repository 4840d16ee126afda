/** Statements over many rows are made for these numbers of them. */
const sizes = [100, 50, 25, 10, 5, 2, 1] as const

const made = new Map<string, Map<number, string>>()

/** A statement whose last list, `(?)` or `(?, ?)`, is there so many times. */
export function repeated(sql: string, times: number): string {
  const known = made.get(sql) ?? new Map<number, string>()
  made.set(sql, known)
  const text = known.get(times) ?? repeat(sql, times)
  known.set(times, text)
  return text
}

/** In pieces for which there is one statement each. */
export function* pieces<One>(list: readonly One[]): Iterable<readonly One[]> {
  let at = 0
  for (const size of sizes)
    for (; list.length - at >= size; at += size) yield list.slice(at, at + size)
}

/** `key in (?)` becomes `key in (?, ?)`; `(values (?, ?))` becomes `(values (?, ?), (?, ?))`. */
function repeat(sql: string, times: number): string {
  const row = sql.includes('(values (?, ?))') ? '(?, ?)' : '?'
  const at = sql.lastIndexOf(`${row})`)
  return `${sql.slice(0, at)}${Array(times).fill(row).join(', ')}${sql.slice(at + row.length)}`
}
