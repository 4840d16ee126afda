import { byHand } from './by-hand.ts'
import { insertLedger, type Way } from './way.ts'

/**
 * Mark it, then do it; the mark has a unique key, so only one can set it.
 *
 * Why it fails: killed between the two, it is marked and not done. The message comes again, finds the mark, is
 * taken for a duplicate and acknowledged: the effect is lost.
 */
export const markerBefore: Way = byHand({
  name: 'marker-before',
  fails: 'killed after the marker, before the effect',
  schema: 'create table marker (order_id text primary key) strict, without rowid',
  points: ['marked', 'done'],
  async handle(order, db, reach) {
    const marked = await db.run('insert into marker values (?) on conflict do nothing', order.id)
    reach('marked')
    if (marked === 0) return 'done'
    await db.run(insertLedger, order.id, order.cents)
    reach('done')
    return 'done'
  },
})
