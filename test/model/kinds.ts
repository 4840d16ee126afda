import type { Identity } from '../../src/inbox/identity.ts'
import type { Bytes } from '../../src/inbox/bytes.ts'
import type { InboxRecord, Lease, Outcome, ParkedMessage } from '../../src/inbox/record.ts'
import type { Wrong } from './wrong.ts'

/** What a handler does when it is called. */
export type Handler =
  | 'ok'
  /** Throws as often as `fails` says, then does its work. */
  | 'fails'
  /** Does its work in vain at first, and throws at the next calls: `fails` counts both. */
  | 'fails later'
  /** Throws until a person has redriven it. */
  | 'always'
  /** Throws in company only. */
  | 'batch'
  /** Ends its process. */
  | 'kills'
  | 'fails then kills'
  /** Its body ends whatever process reads it. */
  | 'unreadable'
  /** Breaks its transaction and hides the error, as often as `fails` says. */
  | 'swallows'
  /** Tries to commit the transaction that it was given. */
  | 'commits'

export interface Message {
  readonly key: number
  readonly handler: Handler
  readonly fails: number
  readonly lane: boolean
  /** Of the body: two messages of one key with different ones are a mismatch. */
  readonly body: number
  /** The message that must have taken effect before: else this one is early. */
  readonly needs: number | undefined
}

/** What goes wrong outside, each at most so often on one path. */
export interface Budget {
  readonly crash: number
  /** Answers of the store that get lost, its work done or not. */
  readonly lost: number
  /** Deliveries that the broker takes away and gives to somebody else. */
  readonly taken: number
  /** Leases that end under a live owner. */
  readonly slow: number
  /** Acts of a person. */
  readonly person: number
  readonly stop: number
  /** Deliveries that are given back. */
  readonly nack: number
}

export interface Scenario {
  readonly name: string
  readonly messages: readonly Message[]
  /** What the broker delivers, in its order: numbers of messages. One message twice: a copy under another id. */
  readonly deliveries: readonly number[]
  /** Calls of `run()`: numbers of messages. */
  readonly calls: readonly number[]
  readonly processes: number
  /** Things that one process does at the same time. */
  readonly slots: number
  readonly prefetch: number
  readonly batch: number
  readonly attemptsMax: number
  /** `marks`: redeliveries are marked; `window`: they are not, a committed bound tells suspects (P16). */
  readonly broker: 'marks' | 'window'
  readonly deliveryLimit: number | undefined
  readonly level: Level
  readonly prunes: boolean
  readonly budget: Budget
}

/** `B asks`: the far side can be asked whether it has acted. */
export type Level = 'A' | 'B' | 'B asks' | 'C' | 'D'

/** One delivery at the broker. */
export interface Delivery {
  readonly state: 'waiting' | 'out' | 'acknowledged' | 'dropped'
  readonly owner: number
  readonly marked: boolean
  readonly returned: number
}

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
