import type { Message } from '../delivery/message.ts'
import type { Bytes } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { OpenTransaction } from '../inbox/store.ts'
import type { Runtime } from './runtime.ts'

/** One message of a batch, as its handler gets it. */
export interface Member {
  readonly identity: Identity
  /** For maps in process. */
  readonly name: string
  readonly fingerprint: Bytes
  /** As it came. */
  readonly raw: Message<Uint8Array>
  /** Decoded; anew for every round, since a handler may have changed it. */
  message: Message<unknown>
  /** Undefined: it keeps no order. */
  readonly lane: string | undefined
  /** From 1. */
  readonly attempt: number
}

/** What one round is made for: these members, in one transaction. */
export interface Round<M extends Member> {
  readonly members: readonly M[]
  /** Whether each handler gets a savepoint of its own. */
  readonly guarded: boolean
  /** Whose handler runs now, where they run one after another. */
  readonly now: { member: M | undefined }
  /** Filled in: how long all handlers took together. */
  readonly took: { handlersMs: number }
}

/** What the handlers of a batch came to, in a transaction that can still be committed. */
export interface Performed<M extends Member> {
  readonly done: readonly M[]
  /** Their effects are taken back. */
  readonly failed: ReadonlyMap<M, unknown>
}

/** One batch on its way through the handlers. */
export interface Batch<M extends Member> extends Round<M> {
  readonly open: OpenTransaction<unknown>
  readonly run: Runtime
  /** Abort the handlers: the leases of the batch. */
  readonly lost: readonly AbortSignal[]
}
