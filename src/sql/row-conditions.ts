import type { ColumnValue, Condition } from '../inbox/guards.ts'
import type { RowWords } from './row-statements.ts'

/** Answers the place of a value. */
type Put = (value: ColumnValue) => string
type Pairs = readonly (readonly [column: string, value: ColumnValue])[]

/** Writes conditions; `column` checks a name and quotes it. */
export function conditions(
  { exactly }: Pick<RowWords, 'exactly'>,
  column: (name: string) => string,
): {
  condition(one: Condition, put: Put): string
  all(some: readonly Condition[], put: Put): string
} {
  function equal(name: string, value: ColumnValue, put: Put): string {
    return value === null ? `${column(name)} is null` : `${column(name)} = ${put(value)}`
  }
  function before([first, ...rest]: Pairs, put: Put): string {
    if (first === undefined) return '1 = 0'
    const [name, value] = first
    const less =
      value === null ? '1 = 0' : `${column(name)} is null or ${column(name)} < ${put(value)}`
    if (rest.length === 0) return `(${less})`
    return `(${less} or (${equal(name, value, put)} and ${before(rest, put)}))`
  }
  function among(name: string, values: readonly ColumnValue[], put: Put): string {
    if (values.length === 0) return '1 = 0'
    return `${column(name)} in (${values.map((value) => put(value)).join(', ')})`
  }
  function condition(one: Condition, put: Put): string {
    if ('before' in one) return before(one.before, put)
    if ('in' in one) return among(one.column, one.in, put)
    if ('is' in one) return equal(one.column, one.is, put)
    return typeof one.exactly === 'string'
      ? exactly(column(one.column), put(one.exactly))
      : equal(one.column, one.exactly, put)
  }
  return {
    condition,
    all: (some, put) => some.map((one) => condition(one, put)).join(' and '),
  }
}
