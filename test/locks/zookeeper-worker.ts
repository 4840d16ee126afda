// A process that takes a lock again and again, or once and for good.
import { appendFileSync, openSync, closeSync, unlinkSync } from 'node:fs'
import { createClient } from 'node-zookeeper-client'
import { zookeeperLock } from 'semel/zookeeper'

const [host = '', root = '', resource = '', rounds = '0', file = ''] = process.argv.slice(2)
const lock = zookeeperLock(() => createClient(host, { sessionTimeout: 2_000 }), { root })
if (rounds === '0') {
  const held = await lock.acquire(resource, { waitMs: 20_000 })
  process.send?.({ token: String(held?.token) })
} else {
  for (let round = 0; round < Number(rounds); round++) await work()
  await lock.close()
  process.disconnect()
}

/** Fails when somebody else is inside. */
async function work(): Promise<void> {
  const held = await lock.acquire(resource, { waitMs: 60_000 })
  if (held === undefined) throw new Error('the lock was not given')
  const inside = openSync(`${file}.inside`, 'wx')
  appendFileSync(file, `${held.token}\n`)
  await new Promise(setImmediate)
  closeSync(inside)
  unlinkSync(`${file}.inside`)
  await held.release()
}
