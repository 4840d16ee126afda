import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { sqliteStoreAdapter } from './adapters/sqlite.ts'

register(test, storeCases, sqliteStoreAdapter)
