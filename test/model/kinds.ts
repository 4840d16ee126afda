import type { Bytes } from '../../src/inbox/bytes.ts'
import type { Identity } from '../../src/inbox/identity.ts'
import type { InboxRecord, ParkedMessage } from '../../src/inbox/record.ts'
import type { Budget, Scenario } from './scenario-kinds.ts'
import type { Arrival, Task } from './task-kinds.ts'
import type { Wrong } from './wrong.ts'

/** One delivery at the broker. */
export interface Delivery {
  readonly state: 'waiting' | 'out' | 'acknowledged' | 'dropped'
  readonly owner: number
  readonly marked: boolean
  readonly returned: number
}

export interface Process {
  readonly held: readonly Arrival[]
  readonly tasks: readonly (Task | undefined)[]
  /** Whether it may hold more than one delivery (P17). */
  readonly warm: boolean
}

/** What the far side and people know of one identity; no code of the protocol looks at it but levels B to D. */
export interface Ledger {
  readonly effects: number
  /** Level D: the intent was recorded before the call. */
  readonly intended: boolean
  /** A takeover, or an answer lost between effect and record: the windows of levels C and D. */
  readonly doubt: boolean
  readonly redriven: boolean
  /** Or forgotten: a person has decided that it takes no effect. */
  readonly skipped: boolean
}

/** One state of everything. Its elements never change, they are replaced. */
export interface World {
  readonly records: (InboxRecord | undefined)[]
  readonly ledger: Ledger[]
  readonly deliveries: Delivery[]
  readonly processes: Process[]
  /** Whether a call has got its final answer. */
  readonly answered: boolean[]
  readonly failsLeft: number[]
  readonly kills: number[]
  budget: Budget
  /** Deliveries up to this number are suspects after a crash, for brokers without marks. */
  bound: number
  violation: string | undefined
}

export interface Model {
  readonly scenario: Scenario
  readonly wrong: Wrong | undefined
  /** One per key, and one per message for those that are kept under a digest (P3). */
  readonly identities: readonly Identity[]
  readonly fingerprints: readonly Bytes[]
  readonly parked: readonly ParkedMessage[]
  /** Random in the product, here one for each place of a task. */
  readonly claimIds: readonly (readonly Bytes[])[]
  readonly ordered: boolean
  /** How often each kind of thing happened on all paths together. */
  readonly happened: Map<string, number>
}

export interface Action {
  readonly fault: boolean
  readonly text: string
  readonly apply: (world: World) => void
}

/** Where a task runs. */
export interface Place {
  readonly process: number
  readonly slot: number
}

/** Offers one action; `fault`: it is none of the protocol's own. */
export type Step = (text: string, apply: Action['apply'], fault?: boolean) => void
