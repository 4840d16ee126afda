export type { ConnectorOptions, SqlConnector } from '../../sql/connector.ts'
export { type DrizzleDatabase, type DrizzleTransaction, drizzle } from './drizzle.ts'
