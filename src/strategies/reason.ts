import { SemelError } from '../errors/semel-error.ts'

/**
 * The reason that a user wrote.
 *
 * @throws SEMEL_OPTION_INVALID without one.
 */
export function reasonOf(strategy: string, options: unknown, what: string): string {
  const because: unknown = (options as { readonly because?: unknown } | undefined)?.because
  if (typeof because === 'string' && because.trim() !== '') return because
  throw new SemelError('SEMEL_OPTION_INVALID', `${strategy} needs because: ${what}`)
}
