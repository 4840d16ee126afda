import type { Store } from 'semel'
import type { Match } from '../../servers/proxy.ts'
import type { ServerName } from '../../servers/server.ts'

/** Rows that handlers count in, from 0. */
export const counters = 20

/** Where a place is, for whoever opens it: the consumer in its process, the test that looks. */
export interface At {
  readonly database: string
  readonly url: string
  /** A schema, or a database, of its own. */
  readonly place: string
  /** In the pool. Default: 10. */
  readonly connections?: number
  /** How long the pool waits for a free one. Default: for ever. */
  readonly connectMsMax?: number
}

/** What a handler does to the database. */
export interface Effect {
  /** Goes into the ledger, which has no unique key. */
  readonly id: string
  /** Counters that are raised by one, in this order. */
  readonly rows?: readonly number[]
}

/** A place of one database, opened by one process. */
export interface Opened {
  readonly store: Store
  apply(tx: unknown, effect: Effect): Promise<void>
  /** The same in a transaction of its own, by hand: what a consumer without semel does. */
  applyByHand(effect: Effect): Promise<void>
  /** Ids in the ledger, once per effect. */
  ledger(): Promise<readonly string[]>
  /** The counters, by number. */
  counted(): Promise<readonly number[]>
  /** Holds every connection of the pool until `release` is called. */
  exhaust(): Promise<{ release(): void }>
  close(): Promise<void>
}

/** A statement at which a connection is cut. */
export interface CutAt {
  readonly match: Match
  /** Of one message that fails once: which of those that match are of this kind. */
  readonly nths: readonly number[]
}

/** What the tests must know of one database. */
export interface Database {
  readonly name: string
  readonly server: ServerName
  /** Of the sizes of a run of all tests: less where another one speaks the same protocol, faster. */
  readonly share: number
  /** Whether a pool stops waiting for a free connection, after `connectMsMax`. */
  readonly poolGivesUp: boolean
  /** As whom consumers come, who may not do what an administrator may. */
  userUrl(at: At): string
  /** The tables of semel, a ledger, counters. */
  make(at: At): Promise<void>
  remove(at: At): Promise<void>
  open(at: At): Opened
  /** Ends every session of a place; answers how many there were. */
  endSessions(at: At): Promise<number>
  /** From now on new tables are in this folder, which belongs to the server's user. Undefined: it cannot. */
  readonly moveTo?: (at: At, folder: string) => Promise<void>
  readonly cuts: Readonly<Record<'claim' | 'settle' | 'commit', CutAt>>
  /** Makes the tables of semel older, newer, or takes them away; answers what undoes it. */
  readonly schema: Readonly<
    Record<'behind' | 'ahead' | 'missing', (at: At) => Promise<() => Promise<void>>>
  >
}
