import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { postgresStoreAdapter } from './adapters/postgres.ts'

register(test, storeCases, postgresStoreAdapter)
