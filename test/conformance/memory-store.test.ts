import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { memoryStoreAdapter } from './adapters/memory.ts'

register(test, storeCases, memoryStoreAdapter)
