export type { ConnectorOptions, SqlConnector } from '../../sql/connector.ts'
export { type KnexDatabase, type KnexTransaction, knex } from './knex.ts'
