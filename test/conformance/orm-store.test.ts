import test, { after } from 'node:test'
import { register, storeCases } from 'semel/testing'
import { libraries } from '../orm/libraries.ts'
import { throughLibrary } from './adapters/orm.ts'

/**
 * All cases go through `postgres`, which has a client of its own, and through Kysely for what connectors share. Of
 * the others what differs is how they send values, begin, commit and join.
 */
const whole = ['postgres-js', 'kysely']
const rules = ['P8', 'P9', 'P12', 'P30']
const some = storeCases.filter(({ rule, promise }) => rules.includes(rule ?? '') || /bytes|key/.test(promise))

for (const library of libraries) {
  const adapter = throughLibrary(library)
  register(test, whole.includes(library.name) ? storeCases : some, adapter)
  after(() => adapter.end())
}
