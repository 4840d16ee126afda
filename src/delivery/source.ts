import type { Message } from './message.ts'

/** One arrival of a message; the thing that is acknowledged. */
export interface Delivery {
  readonly message: Message<Uint8Array>
  /** Whether the broker says that this is not the first; undefined where it cannot say. */
  readonly redelivered: boolean | undefined
  /** From 1; undefined where the broker does not count. */
  readonly deliveryCount: number | undefined
}

/** Who consumes. One of a group gets each message; with `instance` (broadcast) each instance does. */
export interface Subscription {
  readonly group: string
  readonly instance: string | undefined
}

/**
 * Port. Deliveries pulled by us from one topic, never pushed past a bound.
 *
 * Every adapter passes the source cases of `semel/testing` on its real broker.
 */
export interface Source {
  readonly name: string
  /** What it is subscribed to; the default keyspace of its messages. */
  readonly topic: string
  readonly capabilities: SourceCapabilities
  open(subscription: Subscription): Promise<void>
  /** At most `limit` deliveries in the broker's order; waits for the first, never for the last. Empty when `signal` aborts. */
  pull(limit: number, signal: AbortSignal): Promise<readonly Delivery[]>
  ack(deliveries: readonly Delivery[]): Promise<void>
  nack(deliveries: readonly Delivery[], redeliverAfterMs: number): Promise<void>
  /** Keeps deliveries ours while they are in hand; called at a third of `capabilities.holdMs`. */
  renew(deliveries: readonly Delivery[]): Promise<void>
  /** Ends the subscription; what is not acknowledged comes again. */
  close(): Promise<void>
  /** Acknowledges inside a transaction of a store with the same medium: one commit for effect, record and queue. */
  readonly within: WithinTransaction | undefined
}

export interface WithinTransaction {
  /** Equal to the `medium` of the store whose transactions it can join. */
  readonly medium: object
  /** Inside the transaction that is open now; false: taken by somebody else meanwhile, it comes again. */
  ack(deliveries: readonly Delivery[]): boolean
}

export interface SourceCapabilities {
  readonly marksRedelivery: boolean
  readonly delays: 'native' | 'none'
  /** `key`: messages of one order key are in one pair of hands at a time, in order; `queue`: in the order of one queue. */
  readonly order: 'key' | 'queue' | 'none'
  /** How long a delivery stays ours without renewal; undefined: as long as the connection. */
  readonly holdMs: number | undefined
  /**
   * How long after its first delivery a settled message can come again, in milliseconds; Infinity: until it is
   * acknowledged, however long that takes.
   */
  readonly redeliveryHorizonMs: number
  /** Deliveries after which the broker itself gives up. */
  readonly deliveriesMax: number | undefined
}
