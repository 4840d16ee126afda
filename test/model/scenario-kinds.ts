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
