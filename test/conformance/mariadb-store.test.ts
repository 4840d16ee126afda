import test from 'node:test'
import { register, storeCases } from 'semel/testing'
import { mariadbStoreAdapter } from './adapters/mysql.ts'

register(test, storeCases, mariadbStoreAdapter)
