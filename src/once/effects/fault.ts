import { isSemelError, type SemelError } from '../../errors/semel-error.ts'
import { HandlerFailure } from '../perform.ts'

/**
 * The first thing that went wrong on our side of an attempt. A handler that catches it goes on in vain: the attempt
 * ends with it all the same, or a swallowed doubt would be settled as done.
 */
export interface Fault {
  /** Remembers it, if it is the first, and gives it back to be thrown. */
  note<E>(error: E): E
  /** Waits, and notes what is thrown. */
  ofOurs<R>(work: Promise<R>): Promise<R>
  first(): unknown
}

export function newFault(): Fault {
  let first: unknown
  function note<E>(error: E): E {
    first ??= error
    return error
  }
  return {
    note,
    async ofOurs(work) {
      try {
        return await work
      } catch (error) {
        throw note(error)
      }
    },
    first: () => first,
  }
}

/** As the careful path expects it: errors of the store as they are, all else as a failure of the handler. */
export function asThrown(fault: unknown): unknown {
  return fault instanceof HandlerFailure || isStoreError(fault)
    ? fault
    : new HandlerFailure(fault, false)
}

export function isStoreError(error: unknown): error is SemelError {
  return (
    isSemelError(error) &&
    (error.code.startsWith('SEMEL_STORE_') || error.code === 'SEMEL_OUTCOME_UNKNOWN')
  )
}
