/** One limit: its default, its range and what it is for. Units are in the names, and here in words. */
export interface Option {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly unit:
    | 'ms'
    | 'bytes'
    | 'messages'
    | 'batches'
    | 'attempts'
    | 'levels'
    | 'failures'
    | 'calls'
    | 'per second'
  /** Which factories take it. */
  readonly of: readonly (
    | 'consumer'
    | 'semel'
    | 'sqlite'
    | 'redis'
    | 'publisher'
    | 'ids'
    | 'lock'
    | 'zookeeper'
  )[]
  readonly says: string
}

/**
 * Every limit of this package. `docs/options.md` and the command's help are made from this table.
 */
export const options = {
  leaseMs: {
    default: 30_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    of: ['consumer', 'semel', 'redis', 'ids'],
    says: 'How long a claim is ours by the clock of the store. It is renewed at a third of this while the handler runs, so it bounds how long a crashed consumer blocks a key, not how long a handler may take.',
  },
  attemptsMax: {
    default: 16,
    min: 1,
    max: 1_000,
    unit: 'attempts',
    of: ['consumer', 'semel'],
    says: 'Attempts after which a message is dead. Crashes count when the message ran alone.',
  },
  retryDelayMs: {
    default: 1_000,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    of: ['consumer', 'semel'],
    says: 'Pause before the second attempt. It doubles with every further one, with jitter.',
  },
  retryDelayMsMax: {
    default: 600_000,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    of: ['consumer', 'semel'],
    says: 'Longest pause between two attempts.',
  },
  performMsMax: {
    default: 300_000,
    min: 10,
    max: 86_400_000,
    unit: 'ms',
    of: ['consumer', 'semel'],
    says: 'How long a handler may take. Then its signal aborts, its transaction is given up and the attempt has failed.',
  },
  heldWaitMs: {
    default: 2_000,
    min: 0,
    max: 60_000,
    unit: 'ms',
    of: ['consumer', 'semel'],
    says: 'How long we wait in process for somebody who holds the same key, before we say held.',
  },
  waitMs: {
    default: 1_000,
    min: 0,
    max: 60_000,
    unit: 'ms',
    of: ['lock'],
    says: 'How long withLock() waits for whoever holds the lock, before the message is held.',
  },
  retentionMs: {
    default: 604_800_000,
    min: 1_000,
    max: 31_536_000_000,
    unit: 'ms',
    of: ['consumer', 'semel'],
    says: 'How long a completed record is remembered. It must outlive the time in which the source can deliver a message again.',
  },
  resultBytesMax: {
    default: 65_536,
    min: 0,
    max: 16_777_216,
    unit: 'bytes',
    of: ['consumer', 'semel'],
    says: 'Largest result of run(), and of one call of a declared effect, as JSON.',
  },
  stepsMax: {
    default: 1_000,
    min: 1,
    max: 1_000,
    unit: 'calls',
    of: [],
    says: 'Most calls of declared effects in one attempt.',
  },
  keyBytesMax: {
    default: 255,
    min: 64,
    max: 255,
    unit: 'bytes',
    of: [],
    says: 'Longest key that is stored as it is; a longer one is stored as its SHA-256 with a readable beginning.',
  },
  keyHashedBytesMax: {
    default: 65_536,
    min: 256,
    max: 65_536,
    unit: 'bytes',
    of: [],
    says: 'Longest key that is accepted at all.',
  },
  bodyBytesMax: {
    default: 1_048_576,
    min: 1,
    max: 67_108_864,
    unit: 'bytes',
    of: ['consumer', 'publisher'],
    says: 'Largest message body. A larger one is dead on arrival, its beginning kept.',
  },
  jsonDepthMax: {
    default: 1_000,
    min: 1,
    max: 2_000,
    unit: 'levels',
    of: ['consumer'],
    says: 'Deepest nesting of a JSON body.',
  },
  prefetchMax: {
    default: 400,
    min: 1,
    max: 10_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Most deliveries that are in hand and not yet acknowledged. It starts at one and grows.',
  },
  concurrency: {
    default: 16,
    min: 1,
    max: 1_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Most messages in progress at once on the careful path, and on the fast path with batchMax 1.',
  },
  batchMax: {
    default: 200,
    min: 1,
    max: 1_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Most messages that share one transaction, and one commit. 1: each has its own.',
  },
  batchWaitMs: {
    default: 5,
    min: 0,
    max: 1_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'How long a batch waits to be filled while the source has more. What the source has nothing behind goes at once.',
  },
  batchMsMax: {
    default: 100,
    min: 1,
    max: 60_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'How long handlers of one batch may take together. What has not begun by then is left to the next batch.',
  },
  batchesInFlight: {
    default: 1,
    min: 1,
    max: 16,
    unit: 'batches',
    of: ['consumer'],
    says: 'Most batches that are open at once, where the store can have several.',
  },
  ratePerSecondMax: {
    default: 1_000_000,
    min: 0.001,
    max: 1_000_000,
    unit: 'per second',
    of: ['consumer'],
    says: 'Most handler calls a second, of the whole group where the store counts them, else of this process: 5,000 arrive, 200 are taken, the rest waits in the broker. The largest value means no limit.',
  },
  pruneEveryMs: {
    default: 60_000,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'Pause between two rounds in which completed records are forgotten whose retention has passed; by chance up to half as long or half as short again. Consumers of one store in a process share the rounds. 0: never, somebody else prunes.',
  },
  drainMs: {
    default: 30_000,
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'How long stop() lets running handlers finish before their signals abort.',
  },
  parkedMax: {
    default: 10_000,
    min: 1,
    max: 10_000_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Parked messages of a group at which its source is paused; parked ones are still served.',
  },
  parkedPerLaneMax: {
    default: 1_000,
    min: 1,
    max: 10_000_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Parked messages of one lane at which the source is paused; parked ones are still served.',
  },
  parkedBytesMax: {
    default: 268_435_456,
    min: 1_024,
    max: 1_099_511_627_776,
    unit: 'bytes',
    of: ['consumer'],
    says: 'Bytes of parked bodies of a group at which its source is paused.',
  },
  parkedPollMs: {
    default: 500,
    min: 10,
    max: 60_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'Pause between two looks for parked messages that are due.',
  },
  deadMax: {
    default: 10_000,
    min: 1,
    max: 10_000_000,
    unit: 'messages',
    of: ['consumer'],
    says: 'Dead messages of a group above which an alarm is raised; nothing is paused.',
  },
  earlyMsMax: {
    default: 3_600_000,
    min: 1_000,
    max: 2_592_000_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'How long a message that came too early may wait for its turn before it is dead.',
  },
  circuitFailures: {
    default: 20,
    min: 1,
    max: 10_000,
    unit: 'failures',
    of: ['consumer'],
    says: 'Failures in a row, of different messages, after which consuming pauses but for one probe at a time.',
  },
  circuitMs: {
    default: 10_000,
    min: 10,
    max: 3_600_000,
    unit: 'ms',
    of: ['consumer'],
    says: 'Pause between two probes of an open circuit.',
  },
  busyMsMax: {
    default: 5_000,
    min: 0,
    max: 60_000,
    unit: 'ms',
    of: ['sqlite'],
    says: 'How long a statement waits for another process that writes the same file.',
  },
  commandMsMax: {
    default: 5_000,
    min: 10,
    max: 60_000,
    unit: 'ms',
    of: ['redis', 'zookeeper'],
    says: 'How long a command may be without an answer, whatever the client still does with it.',
  },
  holdMs: {
    default: 30_000,
    min: 100,
    max: 3_600_000,
    unit: 'ms',
    of: ['sqlite'],
    says: 'How long a pulled message of the embedded queue is hidden from others. It is renewed while the message is in hand.',
  },
  inFlightMax: {
    default: 1_000,
    min: 1,
    max: 1_000_000,
    unit: 'messages',
    of: ['publisher'],
    says: 'Most sends that nobody awaits and that are not yet stored.',
  },
} as const
options satisfies Record<string, Option>

export type OptionName = keyof typeof options
