export type { ConnectorOptions, SqlConnector } from '../../sql/connector.ts'
export { type TypeormDataSource, type TypeormManager, typeorm } from './typeorm.ts'
