import test, { after } from 'node:test'
import { register, storeCases } from 'semel/testing'
import { libraries } from '../orm/libraries.ts'
import { throughLibrary } from './adapters/orm.ts'

/**
 * All cases go through `postgres`, which has a client of its own, and through Kysely for what connectors share. Of
 * the others what differs is how they send values, begin, commit and join.
 */
const whole = ['postgres-postgres-js', 'postgres-kysely']
const rules = ['P9', 'P12', 'P30']
const some = storeCases.filter(
  ({ rule, promise }) =>
    rules.includes(rule ?? '') || /bytes|savepoint|commit|untouched/.test(promise),
)

for (const library of libraries) {
  const adapter = throughLibrary(library)
  register(test, whole.includes(adapter.name) ? storeCases : some, adapter)
  after(() => adapter.end())
}
