import { assertThat } from '../errors/semel-error.ts'
import type { SqlRow } from '../sql/client.ts'

/** What `postgres` answers to `.raw()`: values as the server wrote them. */
export interface RawAnswer extends ReadonlyArray<readonly (Uint8Array | null)[]> {
  readonly columns?: readonly { readonly name: string; readonly type: number }[] | null
  readonly command?: string | null
}

/** By the number of the type; every other one stays text. The user's own parsers have no say in our rows. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  21: Number,
  23: Number,
}

/** What the user has every column renamed to. */
export type Rename = ((name: string) => string) | undefined

export function rowsOf(answer: RawAnswer, rename: Rename): readonly SqlRow[] {
  const columns = answer.columns ?? []
  return answer.map((values) => {
    const row: Record<PropertyKey, unknown> = {}
    for (const [at, { name, type }] of columns.entries()) row[name] = valueOf(values[at], type)
    return rename === undefined ? row : asNamed(row, rename)
  })
}

function valueOf(value: Uint8Array | null | undefined, type: number): unknown {
  if (value === null || value === undefined) return null
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  return parsers[type]?.(text) ?? text
}

function asNamed(row: Record<PropertyKey, unknown>, rename: (name: string) => string): SqlRow {
  return new Proxy(row as Record<string, unknown>, {
    get: (target, name) => target[typeof name === 'string' ? rename(name) : ''],
  })
}

const answersRows = /^\s*(?:select|with|values)\b|\breturning\b/i

/**
 * The rows of each statement of a script. `postgres` begins a new answer where rows begin: statements without rows
 * hide in the answer before them, and the first ones have one together.
 */
export function scriptRows(
  texts: readonly string[],
  answer: RawAnswer | readonly RawAnswer[],
  rename: Rename,
): readonly (readonly SqlRow[])[] {
  const answers = answersOf(answer)
  const withRows = texts.filter((text) => answersRows.test(text)).length
  let next = answersRows.test(texts[0] ?? '') ? 0 : 1
  assertThat(answers.length === withRows + next, 'a script answers once for each statement')
  return texts.map((text) => {
    const its = answersRows.test(text) ? answers[next++] : undefined
    return its === undefined ? [] : rowsOf(its, rename)
  })
}

/** Of one answer, or of several in a list. */
export function answersOf(answer: RawAnswer | readonly RawAnswer[]): readonly RawAnswer[] {
  return 'command' in answer ? [answer] : (answer as readonly RawAnswer[])
}
