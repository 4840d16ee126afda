import type { Lock } from '../inbox/lock.ts'
import type { Adapter, Case, Closable } from './suite.ts'

/** One promise of the port `Lock`. */
export type LockCase = Case<OpenedLock>

/** How the suite gets at one kind of lock. */
export type LockAdapter = Adapter<OpenedLock>

/** Resources that nobody else locks. */
export interface OpenedLock extends Closable {
  /** A new one with a connection of its own, as another process has it. The suite closes what it opens. */
  lock(): Promise<Lock>
  /**
   * From now on nothing that this one says arrives, and nothing that it is told; as in a killed process, but it can
   * still be asked.
   */
  silence(lock: Lock): Promise<void>
  /** How long a lock outlives a silent holder at most, in milliseconds; short. */
  readonly outlivesMs: number
  close(): Promise<void>
}
