import type { Clock } from '../inbox/clock.ts'
import type { Database } from './database.ts'

/** What the parts of a store share. Everything is refused once the store is closed. */
export interface StoreParts extends Pick<Database, 'file' | 'write' | 'read' | 'transaction'> {
  readonly clock: Clock
}
