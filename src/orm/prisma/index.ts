export type { ConnectorOptions, SqlConnector } from '../../sql/connector.ts'
export { type PrismaDatabase, type PrismaTransaction, prisma } from './prisma.ts'
