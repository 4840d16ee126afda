// One of several processes that consume at the same time.
import { once } from 'node:events'
import { waiting } from './payments.ts'
import type { Share } from './questions/postgres-contended.ts'
import { byHand, handler, inbox, loops, openPool, plain, withSemel } from './questions/postgres.ts'

const ways = {
  plain: byHand(loops, 1, plain),
  inbox: byHand(loops, 1, inbox),
  semel: withSemel({ handler }),
}

const [share] = (await once(process, 'message')) as [Share]
const { schema, way, from, to } = share
const pool = openPool(schema)
const queue = await waiting(to - from, from)
await pool.query('select 1')
process.send?.('ready')
await once(process, 'message')
await ways[way]({ schema, pool, queue, deliveries: to - from })
process.send?.('done')
await pool.end()
process.disconnect()
