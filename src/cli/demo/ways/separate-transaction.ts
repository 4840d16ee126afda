import { byHand, type Database } from './by-hand.ts'
import { insertLedger, type Way } from './way.ts'

/** What was begun this long ago, and has not ended, is taken for crashed and begun again. */
const crashedMs = 500
const claim = `
  insert into record (order_id, state, since_ms) values (?, 'processing', ?)
  on conflict (order_id) do update set since_ms = excluded.since_ms
  where state = 'processing' and since_ms < excluded.since_ms - ${crashedMs}`

/**
 * A record with a unique key and two states, `processing` and `completed`, each written in a transaction of its own.
 *
 * Why it fails: killed after the effect is committed and before the record is, it looks like one that crashed
 * before it did anything. It is begun again, and takes effect again.
 */
export const separateTransaction: Way = byHand({
  name: 'separate-transaction',
  fails: 'killed between the effect and its record',
  schema: `create table record (order_id text primary key, state text not null, since_ms integer not null)
    strict, without rowid`,
  points: ['done', 'claimed', 'completed'],
  async handle(order, db, reach) {
    const claimed = await db.run(claim, order.id, await nowMs(db))
    reach('claimed')
    if (claimed === 0) return completed(order.id, db)
    await db.run(insertLedger, order.id, order.cents)
    reach('done')
    await db.run(`update record set state = 'completed' where order_id = ?`, order.id)
    reach('completed')
    return 'done'
  },
})

async function completed(id: string, db: Database): Promise<'done' | 'later'> {
  const record = await db.get('select state from record where order_id = ?', id)
  return record?.['state'] === 'completed' ? 'done' : 'later'
}

async function nowMs(db: Database): Promise<number> {
  const row = await db.get(`select cast(unixepoch('subsec') * 1000 as integer) as now_ms`)
  return Number(row?.['now_ms'])
}
