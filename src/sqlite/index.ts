export type { SqliteConnection, SqliteOpen } from './connection.ts'
export { sqliteMigrations, type SqliteMigration } from './migrate.ts'
export { migrateSqlite, type MigrateSqliteOptions } from './migrate-file.ts'
export { sqlitePublisher, type SqlitePublisherOptions } from './sqlite-publisher.ts'
export {
  type QueuedMessage,
  type QueueGroup,
  type QueuePlace,
  type QueueTopic,
  type SqliteQueue,
  sqliteQueue,
  type SqliteQueueOptions,
} from './sqlite-queue.ts'
export { sqliteSource, type SqliteSourceOptions } from './sqlite-source.ts'
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
