import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { shardedMemoryAdapter, shardedSqliteAdapter } from './adapters/sharded.ts'

for (const adapter of [shardedMemoryAdapter, shardedSqliteAdapter])
  register(test, storeCases, adapter)
