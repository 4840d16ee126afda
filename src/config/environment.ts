import { SemelError } from '../errors/semel-error.ts'

/** Environment variables, as somebody hands them in: nothing here reads those of the process. */
export type Environment = Readonly<Record<string, string | undefined>>

const reference = /\$\$\{|\$\{([^}]*)\}?/g
const wellFormed = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::(.*))?$/s

/**
 * Replaces `${env:NAME}` and `${env:NAME:default}`; `$${` stands for `${` itself. What a variable contains is not
 * looked at again. A variable that is set and empty counts as set.
 *
 * @throws SEMEL_ENV_MISSING, SEMEL_CONFIG_INVALID, both beginning with what `where` answers.
 */
export function substitute(text: string, env: Environment, where: () => string): string {
  return text.replaceAll(reference, (found: string, inside: string | undefined) => {
    if (inside === undefined) return '${'
    const [, name, fallback] = found.endsWith('}') ? (wellFormed.exec(inside) ?? []) : []
    if (name === undefined)
      throw new SemelError(
        'SEMEL_CONFIG_INVALID',
        `${where()}: ${found} is not understood; write \${env:NAME}, \${env:NAME:default}, or $\${ for the characters themselves`,
      )
    const value = env[name] ?? fallback
    if (value !== undefined) return value
    throw new SemelError('SEMEL_ENV_MISSING', `${where()}: ${name} is not set`)
  })
}
