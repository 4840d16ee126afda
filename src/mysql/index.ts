export type { Isolation } from '../sql/client.ts'
export { type MysqlMigration, mysqlMigrations } from './migrate.ts'
export type { MysqlConnection } from './mysql-connection.ts'
export type { MysqlPool } from './mysql-pool.ts'
export {
  type MysqlClient,
  migrateMysql,
  mysqlStore,
  type MysqlStoreOptions,
} from './mysql-store.ts'
export type { MysqlTables } from './tables.ts'
