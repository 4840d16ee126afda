import type { MessagePath } from '../operate/paths.ts'

/** A technology and what it needs to be opened: `{ sqlite: ./shop.db }`. Exactly one member. */
export type Opening = Readonly<Partial<Record<string, string>>>

/** What `semel.yaml` says, checked. */
export interface Config {
  /** Of groups that name none. */
  readonly store?: Opening
  readonly source?: Opening
  readonly groups: Readonly<Record<string, GroupConfig>>
}

/** One consumer group: its consumers share work and therefore keys. */
export interface GroupConfig {
  /** Default: that of the file. */
  readonly store?: Opening
  readonly source?: Opening
  readonly consumers: readonly ConsumerConfig[]
}

export interface ConsumerConfig {
  readonly topic: string
  /** `A`, `A || B`, or `*`. Default: `*`. */
  readonly tag?: string
  /** A module, relative to the file; `#name` picks an export. Default of the name: `handler`. */
  readonly handler: string
  /**
   * One path, or several that make a tuple. Default: the export `key` of the handler's module; else what the values of
   * the strategy make, where they name one intent.
   */
  readonly key?: MessagePath | readonly MessagePath[]
  /** Default: the body as received. `off`: nothing is compared. */
  readonly fingerprint?: 'off' | readonly MessagePath[]
  /** Default: the topic. */
  readonly keyspace?: string
  /** Broadcast: the stable name of this instance. */
  readonly instance?: string
  /** Default: `inbox`. */
  readonly strategy?: StrategyConfig
  /** Whether the record is read before the transaction begins. Default: false. */
  readonly lookUpFirst?: boolean
  /** Limits by their names in the table of options. */
  readonly options?: Readonly<Record<string, number>>
}

/** A strategy by its name, with its options; exactly one member. */
export type StrategyConfig = 'inbox' | StrategyByName

export interface StrategyByName {
  readonly marker?: { readonly because: string }
  readonly natural?: { readonly because: string }
  readonly uniqueRow?: {
    readonly table: string
    readonly unique: readonly string[]
    readonly same?: readonly string[]
    readonly values: ValuesConfig
  }
  readonly stateMachine?: {
    readonly table: string
    readonly id?: string
    readonly state?: string
    readonly graph: Readonly<Record<string, readonly string[]>>
    readonly initial?: readonly string[]
    readonly values: { readonly id: ValueConfig; readonly to: ValueConfig }
    readonly create?: ValuesConfig
  }
  readonly version?: {
    readonly table: string
    readonly id?: string
    readonly version?: string
    readonly by?: string
    readonly values: { readonly id: ValueConfig; readonly version: ValueConfig }
  }
  readonly upsert?: {
    readonly table: string
    readonly key: readonly string[]
    readonly newest: string
    readonly tie?: string
    readonly values: ValuesConfig
  }
}

/** A path into the message, or a number, true or false as it is. */
export type ValueConfig = MessagePath | number | boolean
/** Columns by their names. */
export type ValuesConfig = Readonly<Record<string, ValueConfig>>
