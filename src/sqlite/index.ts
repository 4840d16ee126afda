export type { SqliteConnection, SqliteOpen } from './connection.ts'
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
export { sqliteMigrations, type SqliteMigration } from './migrate.ts'
