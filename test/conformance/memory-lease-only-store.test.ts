import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { leaseOnlyStoreAdapter } from './adapters/memory.ts'

register(test, storeCases, leaseOnlyStoreAdapter)
