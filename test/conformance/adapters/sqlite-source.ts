import {
  type SqliteConnection,
  type SqliteOpen,
  sqlitePublisher,
  sqliteSource,
  sqliteStore,
} from 'semel/sqlite'
import { manualClock, type OpenedSource, type SourceAdapter } from 'semel/testing'
import { closingAll } from './closing-all.ts'
import { effectsIn, scratch } from './sqlite.ts'
import { betterSqlite3, type Client, nodeSqlite, opener, reasonNotToRun } from './sqlite-clients.ts'

export const sqliteSourceAdapter: SourceAdapter = sourceAdapter('sqlite', nodeSqlite)
export const betterSqlite3SourceAdapter: SourceAdapter = sourceAdapter(
  'better-sqlite3',
  betterSqlite3,
)

const holdMs = 300
/** Short, because one case makes sends wait for a lock that is not given. */
const busyMsMax = 300

function sourceAdapter(name: string, client: Client): SourceAdapter {
  return {
    name,
    open: async () => openSource(await opener(client)),
    notRun: () => reasonNotToRun(client),
  }
}

async function openSource(open: SqliteOpen): Promise<OpenedSource> {
  const { file, remove } = scratch(open)
  const clock = manualClock()
  const { keep, close } = closingAll()
  const common = { open, clock, busyMsMax }
  const store = keep(sqliteStore(file, common))
  await store.prepare()
  return {
    source: ({ topic = 'orders', tag = '*', ending = false } = {}) =>
      keep(sqliteSource(file, { ...common, topic, tag, holdMs: ending ? holdMs : 600_000 })),
    publisher: (choice = {}) =>
      keep(sqlitePublisher(file, { ...common, topic: 'orders', ...choice })),
    topic: (name) => name,
    holdMs,
    arrivalMs: 20_000,
    quietMs: 150,
    passTime: async (ms) => clock.pass(ms),
    crash: async () => clock.pass(holdMs),
    lacks: [],
    joined: { store, effects: effectsIn(open, file) },
    refuseSends: async () => lockOut(open(file)),
    async close() {
      await close()
      remove()
    },
  }
}

/** As another process that holds the lock of the writer. */
function lockOut(other: SqliteConnection): () => Promise<void> {
  other.exec('begin immediate')
  return async () => void other.close()
}
