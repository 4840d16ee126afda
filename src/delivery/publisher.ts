/** What is to be sent. */
export interface OutgoingMessage {
  /** Default: the publisher's own topic. */
  readonly topic?: string
  /** JSON, unless it is bytes. */
  readonly body: unknown
  /** Default: random. A producer that repeats a send should give its own. */
  readonly id?: string
  readonly key?: string
  readonly tag?: string
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Messages of one topic with the same order key reach one consumer at a time, in the order in which they were sent.
   * Not together with a delay.
   */
  readonly orderKey?: string
  /** Milliseconds, or one of the eighteen levels by name. */
  readonly delay?: number | DelayLevel
}

/** The eighteen delays of RocketMQ, by their names. */
export const delayLevels = {
  '1s': 1_000,
  '5s': 5_000,
  '10s': 10_000,
  '30s': 30_000,
  '1m': 60_000,
  '2m': 120_000,
  '3m': 180_000,
  '4m': 240_000,
  '5m': 300_000,
  '6m': 360_000,
  '7m': 420_000,
  '8m': 480_000,
  '9m': 540_000,
  '10m': 600_000,
  '20m': 1_200_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
} as const

export type DelayLevel = keyof typeof delayLevels

/** Port. Sends messages; at least once, like everything that sends. */
export interface Publisher {
  readonly name: string
  /** Resolves with its id when the broker has stored it. */
  send(message: OutgoingMessage): Promise<string>
  /** All or none, where the broker can; ids in the order of the messages. */
  sendBatch(messages: readonly OutgoingMessage[]): Promise<readonly string[]>
  /**
   * Not awaited: stored soon. Errors reach `onError` and the next `flush()`.
   *
   * @throws SEMEL_SEND_OVERFLOW when `inFlightMax` are not stored yet.
   */
  enqueue(message: OutgoingMessage): void
  /** Sent and forgotten: no error is ever reported. */
  sendOneWay(message: OutgoingMessage): void
  /** Resolves when everything enqueued is stored; throws the first error since the last flush. */
  flush(): Promise<void>
  close(): Promise<void>
}
