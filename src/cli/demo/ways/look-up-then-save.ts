import { byHand } from './by-hand.ts'
import { insertLedger, type Way } from './way.ts'

/**
 * Look whether it is there, else save it.
 *
 * Why it fails: two copies that are in progress at once both look before either has saved. Nothing in the table
 * forbids the second.
 */
export const lookUpThenSave: Way = byHand({
  name: 'look-up-then-save',
  fails: 'two copies at once both find nothing',
  schema: '',
  points: ['saved', 'looked up'],
  async handle(order, db, reach) {
    const saved = await db.get('select 1 from ledger where order_id = ?', order.id)
    reach('looked up')
    if (saved !== undefined) return 'done'
    await db.run(insertLedger, order.id, order.cents)
    reach('saved')
    return 'done'
  },
})
