import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { mysqlStoreAdapter } from './adapters/mysql.ts'

register(test, storeCases, mysqlStoreAdapter)
