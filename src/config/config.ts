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
  /** One path, or several that make a tuple. Default: the export `key` of the handler's module. */
  readonly key?: MessagePath | readonly MessagePath[]
  /** Default: the body as received. `off`: nothing is compared. */
  readonly fingerprint?: 'off' | readonly MessagePath[]
  /** Default: the topic. */
  readonly keyspace?: string
  /** Broadcast: the stable name of this instance. */
  readonly instance?: string
  /** Default: `inbox`. */
  readonly strategy?: StrategyConfig
  /** Limits by their names in the table of options. */
  readonly options?: Readonly<Record<string, number>>
}

export type StrategyConfig = 'inbox' | { readonly marker: { readonly because: string } }
