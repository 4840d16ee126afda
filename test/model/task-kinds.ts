import type { Lease, Outcome } from '../../src/inbox/record.ts'

/** One delivery in the hands of a process. */
export interface Arrival {
  readonly delivery: number
  readonly message: number
  /** In the order in which they came. */
  readonly number: number
  readonly careful: boolean
  readonly suspect: boolean
}

export interface FastMember {
  readonly arrival: Arrival
  readonly copies: readonly Arrival[]
  readonly fate: 'asked' | 'new' | 'known' | 'behind' | 'duplicate' | 'done' | 'committed'
}

export interface FastTask {
  readonly kind: 'fast'
  readonly phase: 'look' | 'insert' | 'reread' | 'run' | 'commit' | 'write' | 'acknowledge'
  readonly members: readonly FastMember[]
  /** Whether a handler broke the transaction and hid it. */
  readonly broken: boolean
  /** Whether something parked stood in the lane when it was looked at. */
  readonly blocked: boolean
  /** What the failure of a batch of one comes to. */
  readonly outcome: Outcome | undefined
}

export interface CarefulMember {
  readonly identity: number
  readonly message: number
  readonly lease: Lease | undefined
  readonly ran: boolean
}

export interface CarefulTask {
  readonly kind: 'careful'
  readonly phase:
    | 'ready'
    | 'intend'
    | 'run'
    | 'call'
    | 'commit'
    | 'failing'
    | 'releasing'
    | 'bury'
    | 'park'
    | 'mismatch'
    | 'acknowledge'
  readonly alone: boolean
  /** Undefined: of parked messages. */
  readonly arrival: Arrival | undefined
  readonly members: readonly CarefulMember[]
  readonly outcome: Outcome | undefined
  /** Failed in company: each gets a transaction of its own when the others have committed (P10). */
  readonly later: readonly CarefulMember[]
  /** Behind one of those in its lane: released. */
  readonly behind: readonly CarefulMember[]
  /** Whose handler failed. */
  readonly at: number
  readonly token: number
}

/** One call of `run()` on its way. */
export interface DoorTask {
  readonly kind: 'door'
  readonly phase:
    | 'insert'
    | 'reread'
    | 'run'
    | 'commit'
    | 'claim'
    | 'perform'
    | 'settle'
    | 'fail'
    | 'bury'
  readonly call: number
  readonly message: number
  readonly lease: Lease | undefined
  readonly outcome: Outcome | undefined
  readonly token: number
}

export type Task = FastTask | CarefulTask | DoorTask
