import test from 'node:test'
import { lockCases, register } from 'semel/testing'
import { redisLockAdapter, zookeeperLockAdapter } from './adapters.ts'

register(test, lockCases, redisLockAdapter)
register(test, lockCases, zookeeperLockAdapter)
