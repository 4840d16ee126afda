import { isSemelError } from '../errors/semel-error.ts'
import { HandlerFailure, handlersError } from '../once/perform.ts'
import type { Member } from './members.ts'

/** Thrown through a transaction: handlers of these messages failed in it (P10). */
export class Blame extends Error {
  readonly failed: ReadonlyMap<Member, unknown>
  /** Whether we stopped them: then nothing has failed. */
  readonly stopped: boolean
  /** Whether a savepoint can take back what was done, and the others go on in the same transaction. */
  readonly contained: boolean
  constructor(failed: ReadonlyMap<Member, unknown>, stopped: boolean, contained: boolean) {
    super('handlers of a batch failed')
    this.failed = failed
    this.stopped = stopped
    this.contained = contained
  }
}

/** After these, whoever is left behind may still be using the connection, or there is no transaction any more. */
const spoiling = [
  'SEMEL_SQLITE_WAITED',
  'SEMEL_HANDLER_TIMEOUT',
  'SEMEL_LEASE_LOST',
  'SEMEL_TX_ROLLED_BACK',
] as const

/** What one handler threw, as its blame; what the store threw, as it is. */
export function blameOne(member: Member, error: unknown): unknown {
  const failure = handlersError(error)
  if (failure === undefined) return error
  const contained = !failure.stopped && !spoiling.some((code) => isSemelError(failure.error, code))
  return new Blame(new Map([[member, failure.error]]), failure.stopped, contained)
}

/** Of an error of the whole: whom to blame, where that is known. */
export function blameOf(error: unknown, members: readonly Member[]): Blame | undefined {
  if (error instanceof Blame) return error
  const failure = handlersError(error)
  if (failure === undefined) return undefined
  const stopped = error instanceof HandlerFailure && error.stopped
  const [only, ...others] = members
  const failed = new Map(only !== undefined && others.length === 0 ? [[only, failure.error]] : [])
  return new Blame(failed, stopped, false)
}
