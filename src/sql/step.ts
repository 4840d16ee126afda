import type { Ask, Decision } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord } from '../inbox/record.ts'

/** What was decided, on which record, and by which time of the store's clock. */
export interface Step extends Decision {
  readonly one: Identity
  readonly ask: Ask
  readonly before: InboxRecord | undefined
  readonly nowMs: number
}
