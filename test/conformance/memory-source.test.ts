import test from 'node:test'
import { register, sourceCases } from 'semel/testing'
import { memorySourceAdapter } from './adapters/memory.ts'

register(test, sourceCases, memorySourceAdapter)
