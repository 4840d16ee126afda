import { distance } from 'fastest-levenshtein'
import { SemelError } from '../errors/semel-error.ts'
import { type Option, type OptionName, options } from './table.ts'

/** The numbers that one factory takes, each with its default where it is not given. */
export type Limits<Name extends OptionName> = { readonly [N in Name]: number }

/**
 * Checks what a user gave: every name is known, every number in its range.
 *
 * @throws SEMEL_OPTION_UNKNOWN with the nearest name, SEMEL_OPTION_INVALID with the range.
 */
export function resolveOptions<const Names extends readonly OptionName[]>(
  where: string,
  given: object,
  numbers: Names,
  others: readonly string[],
): Limits<Names[number]> {
  if (typeof given !== 'object' || given === null)
    throw new SemelError('SEMEL_OPTION_INVALID', `${where} takes an object, got ${typeof given}`)
  refuseUnknown(where, Object.keys(given), [...numbers, ...others])
  const resolved = numbers.map((name) => [name, limit(where, name, given)] as const)
  return Object.fromEntries(resolved) as unknown as Limits<Names[number]>
}

/** @throws SEMEL_OPTION_UNKNOWN naming the nearest of the known ones. */
export function refuseUnknown(
  where: string,
  names: readonly string[],
  known: readonly string[],
): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new SemelError(
    'SEMEL_OPTION_UNKNOWN',
    `${where} does not know "${unknown}"${suggestion(unknown, known)}`,
  )
}

/** The name somebody probably meant, ready to be appended to a message. */
export function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = [...known].sort((a, b) => near(name, a) - near(name, b))
  return nearest === undefined || near(name, nearest) > 1 + nearest.length / 2
    ? ''
    : `; did you mean "${nearest}"?`
}

function near(name: string, known: string): number {
  return distance(name.toLowerCase(), known.toLowerCase())
}

function limit(where: string, name: OptionName, given: object): number {
  const value: unknown = (given as Record<string, unknown>)[name]
  const option: Option = options[name]
  if (value === undefined) return option.default
  if (
    typeof value === 'number' &&
    value >= option.min &&
    value <= option.max &&
    whole(value, option)
  )
    return value
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${where}: ${name} is ${shown(value)}; allowed are ${option.min} to ${option.max} (${option.unit})`,
  )
}

function whole(value: number, option: Option): boolean {
  return option.unit === 'per second' || Number.isInteger(value)
}

/** An object may have a toString() that throws. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`
}
