import { dirname, resolve } from 'node:path'
import type { Source } from '../delivery/source.ts'
import type { Store } from '../inbox/store.ts'

/** What a consumer wants of its source. */
export interface Wanted {
  readonly topic: string
  readonly tag: string | undefined
}

/** What one technology offers to a configuration file; imported only when a file names it. */
export interface Technology {
  /** Absent: it keeps no records. */
  readonly store?: (setting: string, file: string) => Promise<Store>
  /** Absent: nothing can be consumed from it. */
  readonly source?: (setting: string, file: string, wanted: Wanted) => Promise<Source>
}

/** Everything that may stand under `store` and `source`, by its name. A broker joins by one row. */
export const technologies: Readonly<Record<string, Technology>> = {
  sqlite: {
    async store(setting, file) {
      const { sqliteStore } = await import('../sqlite/index.ts')
      return sqliteStore(beside(file, setting))
    },
    async source(setting, file, { topic, tag }) {
      const { sqliteSource } = await import('../sqlite/index.ts')
      return sqliteSource(beside(file, setting), { topic, ...(tag === undefined ? {} : { tag }) })
    },
  },
  // No source: nothing outside the process could send to it.
  memory: {
    async store() {
      const { memoryStore } = await import('../memory/index.ts')
      return memoryStore()
    },
  },
}

/** The technologies that offer one of the two. */
export function technologyNames(offering: keyof Technology): readonly string[] {
  return Object.keys(technologies).filter((name) => technologies[name]?.[offering] !== undefined)
}

/** Paths in a file are relative to that file, wherever the command was started. */
function beside(file: string, path: string): string {
  return resolve(dirname(file), path)
}
