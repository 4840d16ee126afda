import type { Message } from '../delivery/message.ts'
import type { Schema } from '../delivery/schema.ts'
import type { Source } from '../delivery/source.ts'
import type { Assurance, AssuranceLevel } from '../inbox/assurance.ts'
import type { JsonValue } from '../inbox/json.ts'
import type { Key } from '../inbox/key.ts'
import type { Store } from '../inbox/store.ts'
import type { Strategy } from '../inbox/strategy.ts'
import type { HandlerContext } from '../once/context.ts'
import type { Effects, NoEffects } from '../once/effects/declarations.ts'

/** What a consumer is doing. */
export interface ConsumerStatus {
  readonly state: 'idle' | 'running' | 'paused' | 'stopping' | 'stopped'
  /** Deliveries that are pulled and not yet acknowledged. */
  readonly inHand: number
  /** Handlers that run now. */
  readonly running: number
  /** Why nothing new is pulled, if so. */
  readonly waitingFor: readonly ('resume' | 'store' | 'source' | 'circuit' | 'parking')[]
}

/** Consumes one topic for one group. */
export interface Consumer<L extends AssuranceLevel = AssuranceLevel> {
  readonly group: string
  readonly topic: string
  readonly assurance: Assurance<L>
  /**
   * Prepares store and source, and begins to pull.
   *
   * @throws SEMEL_CONSUMER_TWICE, SEMEL_RETENTION_SHORT, SEMEL_ATTEMPTS_OVER_BROKER, SEMEL_ORDER_MISSING,
   * SEMEL_TABLE_MISSING, SEMEL_CONSTRAINT_MISSING, and what store and source throw.
   */
  start(): Promise<void>
  /**
   * Pulls nothing more, lets running handlers finish for `drainMs`, then aborts them; gives back what did not run.
   * Messages that were not settled come again. Idempotent.
   */
  stop(): Promise<void>
  /** Pulls nothing more until `resume()`; what is in hand is finished, parked messages wait too. */
  pause(): void
  resume(): void
  status(): ConsumerStatus
  /** Resolves when the consumer has stopped, with the error if it stopped by itself. */
  readonly ended: Promise<{ readonly error: unknown } | undefined>
}

/** What a batch handler answers: the messages that it did not apply. The others commit. */
export interface BatchAnswer<Body> {
  readonly failed: readonly { readonly message: Message<Body>; readonly error: unknown }[]
}

/** What a batch handler gets beside its messages. */
export interface BatchContext<Tx> {
  /** Your own transaction object. It commits when the handler returns, together with the records. */
  readonly tx: Tx
  /** Aborts when `performMsMax` has passed, a lease is lost, or the consumer stops. */
  readonly signal: AbortSignal
}

interface CommonOptions<Tx, Body, L extends AssuranceLevel> {
  /** Consumers that share work, and therefore share keys. Two groups never eat each other's messages. */
  readonly group: string
  readonly source: Source
  readonly store: Store<Tx>
  /** Default: `inbox()`. */
  readonly strategy?: Strategy<L, Message<NoInfer<Body>>>
  /** Any Standard Schema; types `message.body`. Default: lossless JSON, unchecked. */
  readonly body?: Schema<Body>
  /** Bytes to a value, before the schema. Default: lossless JSON. */
  readonly decode?: (body: Uint8Array, message: Message<Uint8Array>) => unknown
  /** The business key of the message. Undefined: it has none, and is dead on arrival. */
  readonly key: (message: Message<NoInfer<Body>>) => Key | undefined
  /** What must not differ under one key. Default: the body as received. `'off'`: nothing is compared. */
  readonly fingerprint?: 'off' | ((message: Message<NoInfer<Body>>) => JsonValue | Uint8Array)
  /** What a key is unique in. Default: the topic of the source. */
  readonly keyspace?: string
  readonly tenant?: (message: Message<NoInfer<Body>>) => string | undefined
  /** Broadcast: the stable name of this instance, each of which gets every message. Default: one of the group gets it. */
  readonly instance?: string
  /**
   * Messages with the same value take effect in the order in which the source gave them, also across failures; one
   * that is parked holds back those behind it, and no others (P23). Undefined: this message has no order. Default:
   * none has.
   */
  readonly orderedBy?: (message: Message<NoInfer<Body>>) => Key | undefined
  /** Ends the process when its main loop is silent for longer than the lease (P19). Default: false. */
  readonly watchdog?: boolean
  readonly leaseMs?: number
  readonly attemptsMax?: number
  readonly retryDelayMs?: number
  readonly retryDelayMsMax?: number
  readonly performMsMax?: number
  readonly heldWaitMs?: number
  readonly retentionMs?: number
  readonly resultBytesMax?: number
  readonly bodyBytesMax?: number
  readonly jsonDepthMax?: number
  readonly prefetchMax?: number
  readonly concurrency?: number
  readonly batchMax?: number
  readonly batchWaitMs?: number
  readonly batchMsMax?: number
  readonly batchesInFlight?: number
  readonly ratePerSecondMax?: number
  readonly pruneEveryMs?: number
  readonly drainMs?: number
  readonly parkedMax?: number
  readonly parkedPerLaneMax?: number
  readonly parkedBytesMax?: number
  readonly parkedPollMs?: number
  readonly deadMax?: number
  readonly earlyMsMax?: number
  readonly circuitFailures?: number
  readonly circuitMs?: number
}

/** One message after another, also inside a batch. */
interface OneByOne<Tx, Body, L extends AssuranceLevel, E extends Effects>
  extends CommonOptions<Tx, Body, L> {
  /** Effects elsewhere, by names that never change. The handler gets them instead of `tx`. Default: none. */
  readonly effects?: E
  /** What it returns is dropped. Throw {@link RetryLater}, {@link DeadLetter} or {@link TooEarly} to steer. */
  readonly handler: (
    message: Message<NoInfer<Body>>,
    context: HandlerContext<NoInfer<Tx>, NoInfer<L>, NoInfer<E>>,
  ) => unknown
  /**
   * A promise of yours: handlers of messages with different values touch different rows. They are then under way at
   * the same time on one connection, where the store can do that (P11). Default: one after another.
   */
  readonly independentBy?: (message: Message<NoInfer<Body>>) => Key
  readonly handlerBatch?: undefined
}

/** All messages of a batch at once, in their order. */
interface Batchwise<Tx, Body, L extends AssuranceLevel> extends CommonOptions<Tx, Body, L> {
  /**
   * Applies all, or names those that it did not; these are tried again one by one, and the others at once. What it
   * throws is nobody's fault: the batch is halved. Called with one message, what it throws is that one's failure.
   */
  readonly handlerBatch: (
    messages: readonly Message<NoInfer<Body>>[],
    context: BatchContext<NoInfer<Tx>>,
  ) =>
    | Promise<BatchAnswer<NoInfer<Body>> | undefined | void>
    | BatchAnswer<NoInfer<Body>>
    | undefined
    | void
  readonly handler?: undefined
  readonly independentBy?: undefined
  readonly effects?: undefined
}

export type ConsumerOptions<Tx, Body, L extends AssuranceLevel, E extends Effects = NoEffects> =
  | OneByOne<Tx, Body, L, E>
  | Batchwise<Tx, Body, L>
