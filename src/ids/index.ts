export type { IdGenerator } from './id-generator.ts'
export { ulidIds, uuidv7Ids } from './random-ids.ts'
export { type SnowflakeIds, snowflakeIds, type SnowflakeOptions } from './snowflake-ids.ts'
