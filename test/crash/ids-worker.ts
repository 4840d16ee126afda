// Makes ids when it is told how many; says `refused` when there is none to be had.
import { snowflakeIds } from 'semel/ids'
import { sqliteStore } from 'semel/sqlite'

const [file = '', leaseMs = ''] = process.argv.slice(2)
const store = sqliteStore(file)
const ids = await snowflakeIds(store, { leaseMs: Number(leaseMs) })
process.on('message', (times: number) => {
  try {
    process.send?.(Array.from({ length: times }, () => String(ids.next())))
  } catch (error) {
    process.send?.(`refused ${String(error)}`)
  }
})
process.on('disconnect', () => void ids.close().then(() => store.close()))
process.send?.('ready')
