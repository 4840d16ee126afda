import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from 'semel/sqlite'
import type { Contestant, Question } from '../harness.ts'
import { consumeWithSemel, leavesEvery, type Place, prepare, setBased, sqlite } from './sqlite.ts'

/** So many records of another group, as a long life leaves them; keys as digests are, in no order. */
function withRecords(records: number): (place: Place) => Promise<void> {
  return async ({ file }) => {
    const store = sqliteStore(file)
    await store.prepare()
    await store.close()
    const db = new DatabaseSync(file)
    db.exec(`
      insert into semel_inbox (scope, key, state, token, attempts, alone, until_ms, fingerprint, changed_ms)
      with recursive ids (id) as (select 1 union all select id + 1 from ids where id < ${records})
      select x'066c65646765720000087061796d656e747300', randomblob(20), 2, 1, 1, 0, 9000000000000 + id, randomblob(33), id
        from ids;
      pragma wal_checkpoint(truncate)`)
    db.close()
  }
}

const consume = consumeWithSemel(setBased)
const verify: Contestant<Place>['verify'] = leavesEvery('payments')

export const sqliteGrowth: Question<Place> = {
  name: 'sqlite-growth',
  asks: 'What does a large inbox cost?',
  contestants: [
    { name: 'empty inbox', consume, verify },
    { name: '10^6 records', arrange: withRecords(1_000_000), consume, verify },
  ],
  prepare,
  close: sqlite.close,
}
