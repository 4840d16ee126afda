import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { ioredisStoreAdapter, redisStoreAdapter } from './adapters/redis.ts'

register(test, storeCases, redisStoreAdapter)
register(test, storeCases, ioredisStoreAdapter)
