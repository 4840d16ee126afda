import test from 'node:test'
import { register, sourceCases } from 'semel/testing'
import { sqliteSourceAdapter } from './adapters/sqlite-source.ts'

register(test, sourceCases, sqliteSourceAdapter)
