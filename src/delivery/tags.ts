import { SemelError } from '../errors/semel-error.ts'

/**
 * Which tags a subscription wants: `'A'`, `'A||B'`, or `'*'` for every message, also those without a tag.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function tagFilter(expression: string): (tag: string | undefined) => boolean {
  const wanted = String(expression).split('||')
  const tags = new Set(wanted.map((tag) => tag.trim()))
  if (tags.has(''))
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `tag is ${JSON.stringify(expression)}; it must be a tag, several with || between them, or *`,
    )
  return tags.has('*') ? () => true : (tag) => tag !== undefined && tags.has(tag)
}
