import { inboxStrategy, type Strategy } from '../inbox/strategy.ts'
import { reasonOf } from './reason.ts'

/** Record and effect in one commit: the default. Level A. */
export function inbox(): Strategy<'A', unknown> {
  return inboxStrategy
}

/**
 * A record under a lease, around an effect that is elsewhere. Level C: the handler gets no transaction.
 *
 * @throws SEMEL_OPTION_INVALID without a reason.
 */
export function marker(options: { readonly because: string }): Strategy<'C', unknown> {
  const what = 'the reason why a second effect now and then does no harm'
  return {
    name: 'marker',
    level: 'C',
    path: 'lease',
    because: reasonOf('marker', options, what),
    windows: [
      'a crash after the effect and before its record: the effect happens again',
      'a handler that lives on after its lease or its performMsMax has ended: it may overlap with the next attempt',
    ],
  }
}

/**
 * The operation is the same when it happens twice: a deletion, a value that is set and not added to. Level A while the
 * reason is true. In a transaction where the store has them, else under a lease.
 *
 * @throws SEMEL_OPTION_INVALID without a reason.
 */
export function natural(options: { readonly because: string }): Strategy<'A', unknown> {
  return {
    name: 'natural',
    level: 'A',
    path: 'either',
    because: reasonOf('natural', options, 'the reason why happening twice is the same as once'),
    windows: [
      'an old message that is performed again after a newer one: what the newer one set is undone',
    ],
  }
}

/**
 * Reads the record before the transaction begins, so that a message whose record is `completed` costs one read. It never
 * decides that a message is new: that is still the insert's to say. Worth it where many messages come again late.
 */
export function lookUpFirst<S extends Strategy>(strategy: S): S {
  return { ...strategy, looksFirst: true }
}
