export type { IoRedis, NodeRedis, NodeRedisCluster, RedisClient, Word } from './client.ts'
export type { Persistence } from './prepare.ts'
export { redisLock, type RedisLockOptions } from './redis-lock.ts'
export { redisStore, type RedisStoreOptions } from './redis-store.ts'
