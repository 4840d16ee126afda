import test from 'node:test'
import { register, sourceCases } from 'semel/testing'
import { betterSqlite3SourceAdapter } from './adapters/sqlite-source.ts'

register(test, sourceCases, betterSqlite3SourceAdapter)
