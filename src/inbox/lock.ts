import type { Key } from './key.ts'

/** Port. A lock on something of the user's that is elsewhere: it saves work, and alone guarantees nothing. */
export interface Lock {
  readonly name: string
  /**
   * Waits at most `waitMs` for it, and no longer than `signal` lets it. Undefined: somebody else holds it.
   *
   * @throws SEMEL_LOCK_UNAVAILABLE, and the reason of `signal`
   */
  acquire(resource: Key, terms: LockTerms): Promise<HeldLock | undefined>
  /** Ends what it opened itself; held locks are released. */
  close(): Promise<void>
}

export interface LockTerms {
  /** In milliseconds; 0: asks once. */
  readonly waitMs: number
  readonly signal?: AbortSignal
}

/** A lock in hand. Renewed by itself until it is released or lost. */
export interface HeldLock {
  /** Grows with every grant of the resource; to be compared on the rows that it guards. */
  readonly token: bigint
  /** Aborted with SEMEL_LOCK_LOST when the lock is lost, or may be. */
  readonly signal: AbortSignal
  /** Repeatable. Never throws: a lock that cannot be released ends by itself. */
  release(): Promise<void>
}
