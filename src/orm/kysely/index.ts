export type { ConnectorOptions, SqlConnector } from '../../sql/connector.ts'
export { type KyselyDatabase, type KyselyTransaction, kysely } from './kysely.ts'
