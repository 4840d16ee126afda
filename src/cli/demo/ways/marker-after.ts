import { byHand } from './by-hand.ts'
import { insertLedger, type Way } from './way.ts'

/**
 * Do it, then mark it as done; what is marked is not done again.
 *
 * Why it fails: killed between the two, it is done and not marked. The message comes again, and so does the
 * effect. (Two copies at once also find no mark.)
 */
export const markerAfter: Way = byHand({
  name: 'marker-after',
  fails: 'killed after the effect, before the marker',
  schema: 'create table marker (order_id text primary key) strict, without rowid',
  points: ['done', 'looked up', 'marked'],
  async handle(order, db, reach) {
    const marked = await db.get('select 1 from marker where order_id = ?', order.id)
    reach('looked up')
    if (marked !== undefined) return 'done'
    await db.run(insertLedger, order.id, order.cents)
    reach('done')
    await db.run('insert into marker values (?) on conflict do nothing', order.id)
    reach('marked')
    return 'done'
  },
})
