import type { Contestant, Question } from '../harness.ts'
import { close, handlerBatch, leavesEvery, type Place, prepare, withSemel } from './postgres.ts'

/** So many records of another group, as a long life leaves them; keys as digests are, in no order. */
function withRecords(records: number): (place: Place) => Promise<void> {
  return async ({ pool }) => {
    await pool.query("insert into semel_name (name) values ('\\x00')")
    await pool.query(`
      insert into semel_inbox (scope, key, state, token, attempts, until_ms, fingerprint, changed_ms)
      select 1, sha224(id::text::bytea), 2, 1, 1, 9000000000000 + id, sha256(id::text::bytea), id
        from generate_series(1, ${records}) id`)
    await pool.query('vacuum analyze semel_inbox')
    await pool.query('checkpoint')
  }
}

const consume = withSemel({ handlerBatch })
const verify: Contestant<Place>['verify'] = leavesEvery('payments')
/** 10⁷ takes minutes to make: `SEMEL_BENCH_RECORDS=10000000`. */
const many = Number(process.env['SEMEL_BENCH_RECORDS'] ?? 1_000_000)

export const postgresGrowth: Question<Place> = {
  name: 'growth',
  asks: 'What does a large inbox cost over PostgreSQL?',
  contestants: [
    { name: '10^3 records', arrange: withRecords(1_000), consume, verify },
    { name: `${many} records`, arrange: withRecords(many), consume, verify },
  ],
  prepare: (deliveries) => prepare(deliveries),
  close,
}
