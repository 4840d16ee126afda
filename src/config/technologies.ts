import { dirname, resolve } from 'node:path'
import type { Publisher } from '../delivery/publisher.ts'
import type { Source } from '../delivery/source.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'
import type { Queue } from '../operate/queue.ts'
import type { Opening } from './config.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'

/** What a consumer wants of its source. */
export interface Wanted {
  readonly topic: string
  readonly tag: string | undefined
}

/** What one technology offers; imported only when somebody names it. Paths come resolved. */
export interface Technology {
  /** What stands behind its name is a path, relative to the file in which it stands. */
  readonly isFile: boolean
  /** Absent: it keeps no records. */
  readonly store?: (setting: string) => Promise<Store>
  /** Absent: nothing can be consumed from it. */
  readonly source?: (setting: string, wanted: Wanted) => Promise<Source>
  /** Absent: nothing can be sent to it from here. */
  readonly publisher?: (setting: string) => Promise<Publisher>
  /** Absent: its queues cannot be looked into from here. */
  readonly queue?: (setting: string) => Promise<Queue>
  /** Brings its tables up to date; answers the names of what was done. Absent: it has none. */
  readonly migrate?: (setting: string) => Promise<readonly string[]>
  readonly migrations?: () => Promise<readonly Migration[]>
}

/** One step of the tables of a store. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}

type Offer = Exclude<keyof Technology, 'isFile'>

/** Everything that may stand under `store` and `source`, by its name. A broker joins by one row. */
export const technologies: Readonly<Record<string, Technology>> = {
  sqlite: {
    isFile: true,
    async store(file) {
      const { sqliteStore } = await import('../sqlite/index.ts')
      return sqliteStore(file)
    },
    async source(file, { topic, tag }) {
      const { sqliteSource } = await import('../sqlite/index.ts')
      return sqliteSource(file, { topic, ...(tag === undefined ? {} : { tag }) })
    },
    async publisher(file) {
      const { sqlitePublisher } = await import('../sqlite/index.ts')
      return sqlitePublisher(file)
    },
    async queue(file) {
      const { sqliteQueue } = await import('../sqlite/index.ts')
      return sqliteQueue(file)
    },
    async migrate(file) {
      const { migrateSqlite } = await import('../sqlite/index.ts')
      return migrateSqlite(file)
    },
    async migrations() {
      const { sqliteMigrations } = await import('../sqlite/index.ts')
      return sqliteMigrations
    },
  },
  postgres,
  mysql,
  redis,
  // No source: nothing outside the process could send to it.
  memory: {
    isFile: false,
    async store() {
      const { memoryStore } = await import('../memory/index.ts')
      return memoryStore()
    },
  },
}

/** The technologies that offer one of these. */
export function technologyNames(offer: Offer): readonly string[] {
  return Object.keys(technologies).filter((name) => technologies[name]?.[offer] !== undefined)
}

/** What a name stands for: its row, its setting, and one string for both. `file` is where it stands. */
export function resolveOpening(
  opening: Opening,
  file: string,
): { readonly technology: Technology; readonly setting: string; readonly name: string } {
  const [[name, written] = ['', '']] = Object.entries(opening)
  const technology = technologies[name]
  if (technology === undefined || written === undefined)
    throw new SemelError('SEMEL_INVARIANT_BROKEN', `there is no technology ${name}`)
  const setting = technology.isFile ? resolve(dirname(file), written) : written
  return { technology, setting, name: `${name} ${setting}` }
}

/**
 * Opens what somebody named, if its technology has that.
 *
 * @throws SEMEL_USAGE when it has not.
 */
export function offered<O extends Offer>(
  technology: Technology,
  offer: O,
): NonNullable<Technology[O]> {
  const make = technology[offer]
  if (make !== undefined) return make
  throw new SemelError(
    'SEMEL_USAGE',
    `there is no ${offer} for it; there is for ${technologyNames(offer).join(', ')}`,
  )
}
