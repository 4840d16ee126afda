import { SemelError } from '../errors/semel-error.ts'
import { inboxStrategy, type Strategy } from '../inbox/strategy.ts'

export type { Strategy } from '../inbox/strategy.ts'

/** Record and effect in one commit: the default. Level A. */
export function inbox(): Strategy<'A'> {
  return inboxStrategy
}

/**
 * A record under a lease, around an effect that is elsewhere. Level C: the handler gets no transaction.
 *
 * @throws SEMEL_OPTION_INVALID without a reason.
 */
export function marker(options: { readonly because: string }): Strategy<'C'> {
  if (typeof options?.because !== 'string' || options.because.trim() === '')
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'marker needs because: the reason why a second effect now and then does no harm',
    )
  return {
    name: 'marker',
    level: 'C',
    path: 'lease',
    because: options.because,
    windows: [
      'a crash after the effect and before its record: the effect happens again',
      'a handler that lives on after its lease or its performMsMax has ended: it may overlap with the next attempt',
    ],
  }
}
