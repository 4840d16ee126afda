/** Every server that tests can ask for; each is one file of `kinds/` and one row of `kinds.ts`. */
export type ServerName = 'postgres' | 'mariadb' | 'mysql' | 'redis' | 'zookeeper' | 'pgbouncer'

/** In the server's own words: `{ max_connections: '20' }`. */
export type Settings = Readonly<Record<string, string>>

/** Where an instance lives. The folder is its own, and outlives a restart. */
export interface Place {
  readonly folder: string
  readonly port: number
  readonly settings: Settings
}

/** How a process is started. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Where another server answers that this one needs. */
export type UrlOf = (name: ServerName) => Promise<string>

/** What has to be known of one server. */
export interface Kind {
  /** The variable that says where one is, instead of looking for it. */
  readonly variable: string
  /** Where one is looked for that we did not start; undefined: nowhere. */
  readonly usualUrl?: string
  urlAt(port: number): string
  /** The version of who answers there in this server's protocol. Rejects when nobody does. */
  probe(url: string): Promise<string>
  /** Makes the data, if there is none. Rejects with the reason why it cannot run on this machine. */
  command(place: Place, urlOf: UrlOf): Promise<Command>
  /** Ends it cleanly, keeping the data. */
  readonly stopSignal: NodeJS.Signals
  /** Ends it at once, leaving nothing behind; default SIGKILL. */
  readonly endSignal?: NodeJS.Signals
  /** Removes what a killed one leaves outside of its folder. */
  tidy?(folder: string): Promise<void>
  /** Settings that make it refuse writes; undefined: it knows no such thing. */
  readonly readOnly?: Settings
}
