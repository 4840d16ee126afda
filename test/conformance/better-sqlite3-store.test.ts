import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { betterSqlite3StoreAdapter } from './adapters/sqlite.ts'

register(test, storeCases, betterSqlite3StoreAdapter)
