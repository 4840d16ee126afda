import type { Calls } from './calls.ts'
import type { KnownLeases } from './known-leases.ts'
import type { Together } from './together.ts'

/** What the parts of a store share. */
export interface StoreParts {
  readonly calls: Calls
  /** What all names begin with. */
  readonly prefix: string
  /** The time of a test's clock, as text; empty: the server's is taken. */
  clockMs(): string
  readonly leases: KnownLeases
  readonly together: Together
  /** Writes down, once, that there is this group. */
  introduce(group: string): Promise<void> | undefined
}
