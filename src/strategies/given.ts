import { SemelError } from '../errors/semel-error.ts'
import {
  type GuardAnswer,
  type GuardedTransaction,
  noKeyOfItsOwn,
  type Strategy,
  type StrategyGuard,
} from '../inbox/strategy.ts'
import type { Key } from '../inbox/key.ts'
import { resolveOptions } from '../options/resolve.ts'
import { nameParts } from '../sql/row-statements.ts'

/** A guard whose values are known. */
interface RowGuard<in In, in out V> extends StrategyGuard<In> {
  readonly of: (input: In) => V
  readonly keyOf: ((values: V) => Key) | undefined
  apply(on: GuardedTransaction, values: V, key: string): Promise<GuardAnswer>
}

/** A strategy that guards a row; `V` are the values by which it does. */
export interface GuardedStrategy<in In, in out V> extends Strategy<'A', In> {
  readonly guard: RowGuard<In, V>
  /**
   * An idempotency key made of the values, for who has no better one. Where they do not name one intent, a consumer
   * that is given it is refused.
   */
  readonly key: (input: In) => Key
}

/** How the options of a strategy are checked. */
export interface Wanted {
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly lists: readonly string[]
  readonly functions: readonly string[]
  readonly others: readonly string[]
}

/**
 * @throws SEMEL_OPTION_UNKNOWN, SEMEL_OPTION_INVALID
 */
export function checkGiven(
  strategy: string,
  options: object,
  required: Partial<Wanted>,
  optional: Partial<Wanted> = {},
): void {
  const names = [required, optional].flatMap((wanted) => Object.values(wanted).flat())
  resolveOptions(strategy, options, [], names)
  const given = options as Readonly<Record<string, unknown>>
  for (const [wanted, must] of [
    [required, true],
    [optional, false],
  ] as const)
    for (const [kind, check] of Object.entries(checks) as [keyof typeof checks, Check][])
      for (const name of wanted[kind] ?? []) {
        const value = given[name]
        if (value === undefined && !must) continue
        if (!check(value))
          throw new SemelError(
            'SEMEL_OPTION_INVALID',
            `${strategy}: ${name} must be ${words[kind]}`,
          )
      }
}

type Check = (value: unknown) => boolean

const checks: Readonly<Record<'tables' | 'columns' | 'lists' | 'functions', Check>> = {
  tables: (value) => isName(value, 2),
  columns: (value) => isName(value, 1),
  lists: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every((one) => isName(one, 1)),
  functions: (value) => typeof value === 'function',
}

const words: Readonly<Record<keyof typeof checks, string>> = {
  tables: 'the name of a table, with its schema before it where need be',
  columns: 'the name of a column: letters, digits, _ and $, at most 63',
  lists: 'a list of different columns',
  functions: 'a function',
}

function isName(value: unknown, partsMax: 1 | 2): boolean {
  if (typeof value !== 'string') return false
  try {
    return nameParts(value, partsMax).length > 0
  } catch {
    return false
  }
}

/** A strategy over a guard, as all of them are made. */
export function guardedStrategy<In, V>(
  name: string,
  guard: RowGuard<In, V>,
  windows: readonly string[],
): GuardedStrategy<In, V> {
  const { of, keyOf } = guard
  const key = keyOf === undefined ? noKeyOfItsOwn : (input: In): Key => keyOf(of(input))
  return {
    name,
    level: 'A',
    path: 'transaction',
    because: undefined,
    windows,
    guard,
    key,
  }
}
